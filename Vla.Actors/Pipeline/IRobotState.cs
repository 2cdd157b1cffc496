namespace Vla.Actors.Pipeline;

/// <summary>
/// What a robot felt of itself, by time: for whoever puts a picture and the state at its moment together.
/// </summary>
public interface IRobotState
{
    /// <summary>The state as it was at a moment: the newest that had been measured by then. Never blocks.</summary>
    /// <param name="atNs">The moment, monotonic nanoseconds: that of a picture.</param>
    /// <param name="values">To be filled.</param>
    /// <param name="readNs">When that was measured, monotonic nanoseconds; never after <paramref name="atNs"/>.</param>
    /// <returns>False when it is not known; what <paramref name="values"/> holds then does not matter.</returns>
    bool TryRead(long atNs, Span<float> values, out long readNs);

    /// <inheritdoc cref="TryRead(long, Span{float}, out long)"/>
    bool TryRead(long atNs, Span<float> values) => TryRead(atNs, values, out _);
}
