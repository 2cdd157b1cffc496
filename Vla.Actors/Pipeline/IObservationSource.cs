using Akka.Actor;
using Vla.Sensors.Observations;

namespace Vla.Actors.Pipeline;

/// <summary>
/// A shorter way to observations for a policy in the same process: without a word to the observations' actor, whose
/// thread would wake up.
/// </summary>
/// <remarks>Any thread may call. A policy gets along without it, by <see cref="Ready"/> alone.</remarks>
public interface IObservationSource
{
    /// <summary>Sends the newest observation, or the next one, as if the actor had been asked.</summary>
    void Want(IActorRef asker);

    /// <summary>
    /// Puts newer pictures, the state and the words of now into an observation that was handed over ahead of its use;
    /// nothing changes when there are none.
    /// </summary>
    /// <param name="held">Not used yet.</param>
    void Exchange(Observation held);
}
