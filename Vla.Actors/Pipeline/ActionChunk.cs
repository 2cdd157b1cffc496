namespace Vla.Actors.Pipeline;

/// <summary>The next actions a policy wants, in physical units, with where they came from.</summary>
/// <param name="Values">Actions row by row, [horizon × dimensions], un-normalised.</param>
/// <param name="Horizon">Number of actions, 1 or more.</param>
/// <param name="StepNs">
/// Time from one action to the next in nanoseconds, above 0 for more than one action; the first is due at the capture
/// time.
/// </param>
/// <param name="Origin">The picture and instruction behind the chunk, and when each step was done.</param>
public sealed record ActionChunk(float[] Values, int Horizon, long StepNs, Origin Origin);
