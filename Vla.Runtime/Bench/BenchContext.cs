using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Scheduling;
using static TorchSharp.torch;

namespace Vla.Runtime.Bench;

/// <summary>What every measurement is given.</summary>
internal sealed record BenchContext
{
    /// <summary>Every measurement's instruction, within the notebook's vocabulary and length.</summary>
    public const string Instruction = "pick up the red block";

    public required StagedPolicy Policy { get; init; }

    public required Device Device { get; init; }

    /// <summary>As the daemon uses by default.</summary>
    public required StageThreads Threads { get; init; }

    /// <summary>How much is done about what runs where, as the setting <c>stages:scheduling</c> says.</summary>
    public SchedulingMode Scheduling { get; init; }

    /// <summary>
    /// Whether the control thread takes the real-time class where it may, as the setting <c>control:realTime</c> says.
    /// </summary>
    public bool RealTime { get; init; } = true;

    /// <summary>How long a measurement takes, roughly; jitter takes so long at each rate.</summary>
    public required double Seconds { get; init; }

    /// <summary>Told what is being done and for how long, seconds.</summary>
    public required Action<string, double> Say { get; init; }

    public required CancellationToken Cancellation { get; init; }

    public Task WaitAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), Cancellation);
}

/// <summary>One of the bench's measurements, with the name that <c>--only</c> takes.</summary>
internal interface IMeasurement
{
    string Name { get; }

    /// <summary>How long it takes beyond warming up, as a multiple of <see cref="BenchContext.Seconds"/>.</summary>
    double Share { get; }

    /// <summary>Measures and puts its figures into the report.</summary>
    Task RunAsync(BenchContext context, BenchReport report);
}

/// <summary>Something went wrong that makes the figures worthless. The message says what, in one line.</summary>
internal sealed class BenchException(string message) : CommandException(message, ExitCodes.Failure);
