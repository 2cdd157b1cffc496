using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// Finds what a new chunk goes on from: the actions that the chunk being carried out has from the new observation's
/// moment on.
/// </summary>
/// <remarks>
/// The delay is how many actions were really published while the last few chunks were made
/// (<see cref="ChunkProgress.Delay"/>).
/// </remarks>
internal sealed class ChunkContinuation(
    ActionSpec action,
    RelativeActions? relative,
    RealTimeChunking settings,
    ChunkProgress progress
)
{
    /// <param name="origin">Of the chunk that is to be made.</param>
    /// <param name="state">The robot's at the observation's moment; null when it is not known.</param>
    /// <returns>Null where nothing is carried out, or for other words: then a chunk begins anew.</returns>
    public ChunkGuide? Of(Origin origin, RobotReading? state)
    {
        if (progress.InForce is not { } chunk || chunk.Origin.InstructionNumber != origin.InstructionNumber)
            return null;
        var dimensions = action.Dimensions;
        if (chunk.Values.Length != chunk.Horizon * dimensions || chunk.StepNs <= 0)
            return null;
        var passed = (int)Math.Round(Math.Max(0, origin.CapturedNs - chunk.Origin.CapturedNs) / (double)chunk.StepNs);
        if (passed >= chunk.Horizon || (relative is not null && state is null))
            return null;
        var rest = chunk.Values.AsSpan(passed * dimensions).ToArray();
        for (var i = 0; i < rest.Length; i++)
        {
            var d = i % dimensions;
            // Actions that count from the state count from the state of now.
            var value = relative is { } from && from.IsFromState[d] ? rest[i] - state!.Values[d] : rest[i];
            rest[i] = action.Std[d] != 0 ? (value - action.Mean[d]) / action.Std[d] : 0;
        }

        return new ChunkGuide(rest, dimensions, action.Horizon, progress.Delay, settings);
    }
}
