using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Runtime.Bench;

/// <summary>
/// How long a policy of any family takes for a chunk: its own actors, one observation at a time, from the picture as it
/// comes from a camera to the actions.
/// </summary>
internal static class PolicyBench
{
    private const int WarmUps = 3;
    private const int FewestChunks = 5;
    private static readonly TimeSpan LongestChunk = TimeSpan.FromMinutes(10);

    /// <param name="policy">As it was loaded.</param>
    /// <param name="words">What is said; null for what is usual.</param>
    /// <param name="device">Where Torch computes.</param>
    /// <param name="seconds">How long is measured, roughly.</param>
    /// <param name="threads">That Torch uses.</param>
    /// <param name="output">Is told the figures.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BenchException">It was ended.</exception>
    public static async Task RunAsync(
        IPolicy policy,
        string? words,
        Device device,
        double seconds,
        int threads,
        TextWriter output,
        CancellationToken cancellation
    )
    {
        var said = words ?? BenchContext.Instruction;
        var read = policy.ReadWords(said);
        if ((read?.TooLong ?? read?.NoneKnown) is { } unreadable)
            throw new BenchException($"{unreadable}: give words that it reads, --instruction TEXT");
        var time = TimeProvider.System;
        var parts = new PolicyParts
        {
            Policy = policy,
            Device = device,
            Monitors = new PipelineMonitors(time, policy.Steps),
            Threads = new StageThreads(threads, threads, threads, threads),
            Time = time,
            Loggers = NullLoggerFactory.Instance,
        };
        using var system = QuietActors.Create("vla-bench");
        var asker = system.ActorOf(parts.Scheduling.Place(AskingActor.Props(parts, said)));
        var chunks = new List<ActionChunk>();
        var watch = Stopwatch.StartNew();
        for (var i = -WarmUps; i < FewestChunks || watch.Elapsed.TotalSeconds < seconds; i++)
        {
            if (cancellation.IsCancellationRequested)
                throw new BenchException("stopped before the end: there are no figures");
            if (i == 0)
                watch.Restart();
            var answer = await asker.Ask<object>(NextChunk.Instance, LongestChunk, cancellation);
            if (answer is NoChunk failed)
                throw new PolicyException($"{policy.Directory}: failed: {failed.Why}");
            if (i >= 0)
                chunks.Add((ActionChunk)answer);
        }

        var whole = Figures(new Samples(chunks.Select(Whole)));
        output.WriteLine(
            $"{policy.Directory} on {device}, {threads} threads: {whole.Median} ms a chunk at the median, {whole.Slow} "
                + $"ms at 99 % ({chunks.Count} chunks, from the picture to the actions)"
        );
        foreach (var step in policy.Steps.Where(step => !step.IsForInstruction))
        {
            long[] times = [.. Times(step.Name)];
            if (times.Length == 0)
                continue;
            var figures = Figures(new Samples(times));
            output.WriteLine($"  {step.Name, -20} {figures.Median, 9} ms at the median, {figures.Slow} ms at 99 %");
        }

        await system.Terminate();

        IEnumerable<long> Times(string step) =>
            chunks
                .SelectMany(chunk => chunk.Origin.Steps)
                .Where(one => one.Step == step)
                .Select(one => one.FinishedNs - one.StartedNs);
    }

    private static long Whole(ActionChunk chunk) =>
        chunk.Origin.Steps.Max(step => step.FinishedNs) - chunk.Origin.CapturedNs;

    private static (string Median, string Slow) Figures(Samples samples)
    {
        return (Ms(samples.PercentileNs(50)), Ms(samples.PercentileNs(99)));

        static string Ms(long ns) =>
            (ns / (double)MonotonicTime.NsPerMs).ToString("0.00", CultureInfo.InvariantCulture);
    }
}
