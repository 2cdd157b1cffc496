using Akka.Actor;
using Akka.Dispatch;

namespace Vla.Actors.Scheduling;

/// <summary>A thread for each actor by Akka's pinned dispatcher.</summary>
internal sealed class PlainScheduling : StageScheduling
{
    /// <summary>The dispatcher's name in Akka's configuration.</summary>
    public const string Dispatcher = "vla.plain-dispatcher";

    public override Props Place(Props props) => props.WithDispatcher(Dispatcher);

    internal override ActorPlace Join(MessageDispatcher dispatcher, ThreadUse use) => new();
}
