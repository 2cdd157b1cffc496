using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Actors.Stages;

/// <summary>
/// A policy that is one step: an observation and the words in force in, <see cref="ActionDecoded"/> out.
/// </summary>
/// <param name="setup">Name, clock, threads.</param>
/// <param name="step">The step's name in <see cref="Origin.Steps"/>.</param>
/// <param name="observations">Upstream: is told <see cref="Ready"/>, answers <see cref="ObservationCaptured"/>.</param>
/// <param name="instructions">Is told <see cref="InstructionWanted"/>, answers
/// <see cref="InstructionChanged"/>.</param>
/// <param name="stepNs">Time from one action of a chunk to the next, nanoseconds.</param>
public abstract class WholePolicyActor(
    StageSetup setup,
    string step,
    IActorRef observations,
    IActorRef instructions,
    long stepNs
) : InstructedActor(setup, observations, instructions)
{
    /// <summary>The next actions, in the robot's units, row by row.</summary>
    protected abstract float[] Act(Observation observation, Instruction instruction);

    /// <summary>How many actions <see cref="Act"/> gives.</summary>
    protected abstract int Horizon { get; }

    /// <inheritdoc/>
    protected sealed override object Process(ObservationCaptured input, long startedNs)
    {
        var (seen, instruction) = (input.Observation, Instruction!);
        var values = Act(seen, instruction);
        return new ActionDecoded(
            new ActionChunk(values, Horizon, stepNs, OriginOf(seen).With(step, startedNs, Setup.Time.NowNs()))
        );
    }
}
