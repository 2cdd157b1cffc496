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
    private const string Words = "pick up the red block";
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
        var said = words ?? Words;
        if ((policy.ReadWords(said)?.TooLong ?? policy.ReadWords(said)?.NoneKnown) is { } unreadable)
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

        double[] whole = [.. chunks.Select(Whole).Order()];
        var (median, slow) = (whole[whole.Length / 2], whole[(int)(0.99 * (whole.Length - 1))]);
        var figures = string.Create(
            CultureInfo.InvariantCulture,
            $"{median:0.00} ms a chunk at the median, {slow:0.00} ms at 99 % ({chunks.Count} chunks"
        );
        output.WriteLine(
            $"{policy.Directory} on {device}, {threads} threads: {figures}, from the picture to the actions)"
        );
        foreach (var step in policy.Steps.Where(step => !step.IsForInstruction))
            Say(step.Name, [.. Times(step.Name)]);
        await system.Terminate();

        IEnumerable<double> Times(string step) =>
            chunks.SelectMany(chunk => chunk.Origin.Steps).Where(one => one.Step == step).Select(Ms);

        void Say(string what, double[] times)
        {
            if (times.Length == 0)
                return;
            Array.Sort(times);
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {what, -20} {times[times.Length / 2], 9:0.00} ms at the median, "
                        + $"{times[(int)(0.99 * (times.Length - 1))]:0.00} ms at 99 %"
                )
            );
        }
    }

    private static double Whole(ActionChunk chunk) =>
        (chunk.Origin.Steps.Max(step => step.FinishedNs) - chunk.Origin.CapturedNs) / (double)MonotonicTime.NsPerMs;

    private static double Ms(StepTimes step) => (step.FinishedNs - step.StartedNs) / (double)MonotonicTime.NsPerMs;
}
