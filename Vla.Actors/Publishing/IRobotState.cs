namespace Vla.Actors.Publishing;

/// <summary>Where the state of a robot is read: joint angles or the end effector's pose, the jaw's opening.</summary>
/// <remarks>Called for every picture on the thread of the fusion stage: safe from any thread, and never blocks.</remarks>
public interface IRobotState
{
    /// <summary>The state as it was at a moment: the newest that had been measured by then.</summary>
    /// <param name="atNs">When the picture was captured that it goes with, monotonic nanoseconds.</param>
    /// <param name="values">Filled with physical units, in the order of the policy's <c>state.names</c>.</param>
    /// <returns>False when it is not known; what <paramref name="values"/> holds then does not matter.</returns>
    bool TryRead(long atNs, Span<float> values);
}
