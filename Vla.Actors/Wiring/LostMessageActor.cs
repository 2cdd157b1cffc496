using Akka.Actor;
using Akka.Event;

namespace Vla.Actors.Wiring;

/// <summary>
/// Disposes what was told but never received: messages to an actor that is gone, or that nobody handled.
/// </summary>
internal sealed class LostMessageActor : UntypedActor
{
    public static Props Props() => Akka.Actor.Props.Create(() => new LostMessageActor());

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(AllDeadLetters));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        if (message is AllDeadLetters { Message: IDisposable lost })
            lost.Dispose();
    }
}
