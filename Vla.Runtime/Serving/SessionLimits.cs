namespace Vla.Runtime.Serving;

/// <summary>What one client may send.</summary>
internal sealed record SessionLimits
{
    /// <summary>Largest observation, bytes: ten cameras of full HD.</summary>
    public int LargestMessage { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a message may take from its first part to its last.</summary>
    public TimeSpan LongestMessageTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a request waits for a policy that is free.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Observations a second; who sends more is answered later.</summary>
    public double RequestsPerSecond { get; init; } = 2_000;
}
