using Vla.Actors.Pipeline;

namespace Vla.Runtime.Outputs;

/// <summary>What the console output shows besides the action itself.</summary>
internal sealed record ConsoleSnapshot
{
    /// <summary>Where the page is, and what to type; empty for nothing.</summary>
    public string Where { get; init; } = "";

    /// <summary>What the policy makes of the pictures, in words; empty while it gives nothing.</summary>
    public string Flow { get; init; } = "";

    /// <summary>The instruction in force; null when there is none yet.</summary>
    public string? Instruction { get; init; }

    /// <summary>What goes on in the simulated world, one line each; empty without one.</summary>
    public IReadOnlyList<string> World { get; init; } = [];

    /// <summary>
    /// Things a second, in the order of the pipeline: <c>camera</c>, <c>policy</c>, <c>published</c>.
    /// </summary>
    public IReadOnlyList<(string Name, double Hz)> Rates { get; init; } = [];

    /// <summary>As <see cref="PipelineLatencies.Read"/> gives them; those never recorded are left out.</summary>
    public IReadOnlyList<NamedLatency> Latencies { get; init; } = [];

    /// <summary>
    /// Counts worth a look: <c>refused</c>, <c>skipped ticks</c>, <c>restarts</c>; zeros are left out.
    /// </summary>
    public IReadOnlyList<(string Name, long Count)> Counts { get; init; } = [];

    /// <summary>While the state is stop: one line for each robot that has not taken it.</summary>
    public IReadOnlyList<string> NotStopped { get; init; } = [];

    /// <summary>
    /// One line each, for what is wrong or unusual: a camera that is gone, an output that fails, limits off.
    /// </summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
