using Akka.Actor;
using Vla.Actors.Pipeline;

namespace Vla.Actors.Policies;

/// <summary>A policy that keeps nothing from one observation to the next, and can work on several at once.</summary>
internal interface IBatchedPolicy : IPolicy
{
    /// <summary>Whether it can as its directory has it: somebody else's code may take one at a time only.</summary>
    bool CanBatch { get; }

    /// <summary>
    /// The whole policy as one actor for several at a time, which computes together what waits at the same time.
    /// </summary>
    /// <remarks>
    /// Each of those it works for tells it <see cref="Ready"/>, is told <see cref="Ready"/> in turn, and answers with
    /// <see cref="ObservationCaptured"/>, whose words are those of the observation; it is told
    /// <see cref="ActionDecoded"/> then.
    /// </remarks>
    /// <param name="host">What it computes with; its neighbours are not used.</param>
    /// <param name="largest">So many observations at once at most.</param>
    Props Together(PolicyHost host, int largest);
}
