using System.Globalization;
using System.Runtime.InteropServices;
using Vla.Actors.Policies;
using static TorchSharp.torch;

namespace Vla.Runtime.Bench;

/// <summary>All measurements in the order in which they are run, one at a time.</summary>
internal static class BenchSuite
{
    /// <summary>For what comes before the measuring: loading, compiling, drawing videos.</summary>
    private static readonly TimeSpan WarmUpBound = TimeSpan.FromMinutes(3);

    public static IReadOnlyList<IMeasurement> All { get; } =
    [
        new InferenceMeasurement(),
        new JitterMeasurement(),
        new LatencyMeasurement(),
        new ThroughputMeasurement(),
        new MemoryMeasurement(),
        new InstructionMeasurement(),
    ];

    /// <summary>The measurements that <c>--only</c> names, in their own order; all without names.</summary>
    /// <param name="names">Each may be several, joined by commas.</param>
    /// <exception cref="UsageException">A name that none has.</exception>
    public static IReadOnlyList<IMeasurement> Choose(IEnumerable<string> names)
    {
        const StringSplitOptions tidy = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        var wanted = names.SelectMany(name => name.Split(',', tidy)).ToHashSet(StringComparer.Ordinal);
        if (wanted.Count == 0)
            return All;
        if (wanted.FirstOrDefault(name => All.All(measurement => measurement.Name != name)) is { } unknown)
        {
            throw new UsageException(
                $"there is no measurement '{unknown}': --only takes "
                    + $"{string.Join(", ", All.Select(measurement => measurement.Name))}"
            );
        }

        return [.. All.Where(measurement => wanted.Contains(measurement.Name))];
    }

    /// <summary>Runs the chosen measurements one after the other.</summary>
    public static async Task<BenchReport> RunAsync(IReadOnlyList<IMeasurement> chosen, BenchContext context)
    {
        var report = new BenchReport { Machine = Machine() };
        foreach (var (number, measurement) in chosen.Index())
        {
            var left = chosen.Skip(number).Sum(m => m.Share) * context.Seconds;
            context.Cancellation.ThrowIfCancellationRequested();
            await BoundedAsync(
                measurement,
                context with
                {
                    Say = (what, seconds) => context.Say(Step(number, what, left), seconds),
                },
                report
            );
            // What one measurement leaves behind is not the next one's to clear.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        foreach (var left in All.Except(chosen))
            report.Reasons[left.Name] = "not in --only";
        return report;

        string Step(int number, string what, double left) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"[{number + 1}/{chosen.Count}] {chosen[number].Name}: {what} (at most "
                    + $"{TimeSpan.FromSeconds(left * 1.2 + 5):m\\:ss} left)"
            );
    }

    /// <summary>
    /// Waits for a measurement, but not for one that hangs: a thread that is stuck in the policy cannot be ended.
    /// </summary>
    private static async Task BoundedAsync(IMeasurement measurement, BenchContext context, BenchReport report)
    {
        var bound = WarmUpBound + TimeSpan.FromSeconds(3 * measurement.Share * context.Seconds);
        var run = Task.Run(() => measurement.RunAsync(context, report));
        try
        {
            await run.WaitAsync(bound, context.Cancellation);
        }
        catch (TimeoutException)
        {
            throw new HangException(
                $"the measurement '{measurement.Name}' did not come to an end within {bound.TotalSeconds:0} s: the "
                    + "policy hangs"
            );
        }
    }

    private static MachineFigures Machine() =>
        new(Cpu(), Environment.ProcessorCount, Environment.Version.ToString(), __version__) { LoadBefore = Load() };

    private static string Cpu()
    {
        const string file = "/proc/cpuinfo";
        var name = File.Exists(file)
            ? File.ReadLines(file)
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(':', 2)[^1]
                .Trim()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return string.IsNullOrEmpty(name) ? $"{RuntimeInformation.ProcessArchitecture}" : name;
    }

    private static double? Load()
    {
        const string file = "/proc/loadavg";
        return
            File.Exists(file)
            && double.TryParse(File.ReadAllText(file).Split(' ')[0], CultureInfo.InvariantCulture, out var load)
            ? load
            : null;
    }
}
