using Akka.Actor;
using Vla.Actors.Pipeline;

namespace Vla.Actors.Observations;

/// <summary>
/// Gives what is perceived to whoever asks: <see cref="Ready"/> in, <see cref="ObservationCaptured"/> out.
/// </summary>
/// <param name="source">Where observations come from; it outlives restarts of this.</param>
public sealed class ObservationActor(ObservationSource source) : UntypedActor
{
    /// <summary>How it is started.</summary>
    public static Props Props(ObservationSource source) => Akka.Actor.Props.Create(() => new ObservationActor(source));

    /// <inheritdoc/>
    protected override void PreStart() => source.SendAs(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is Ready)
            source.Want(Sender);
        else
            Unhandled(message);
    }
}
