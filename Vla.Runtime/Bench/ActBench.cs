using System.Diagnostics;
using System.Globalization;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Runtime.Bench;

/// <summary>
/// How long LeRobot's ACT takes for a chunk: every camera's picture at its own size, one observation at a time.
/// </summary>
/// <remarks>The model alone, on one thread's watch: what actors, cameras and control loop add is the same for any
/// policy.</remarks>
internal static class ActBench
{
    private const int WarmUps = 3;
    private const int FewestChunks = 5;

    /// <param name="directory">The policy's.</param>
    /// <param name="device">Where Torch computes.</param>
    /// <param name="seconds">How long is measured, roughly.</param>
    /// <param name="threads">That Torch uses.</param>
    /// <param name="output">Is told the figures.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="BenchException">It was ended.</exception>
    public static void Run(
        string directory,
        Device device,
        double seconds,
        int threads,
        TextWriter output,
        CancellationToken cancellation
    )
    {
        TorchThreads.Use(threads);
        using var scope = NewDisposeScope();
        using var policy = ActCheckpoint.Load(directory, device);
        var observation = Observation(policy.Config.Features, policy.Processors);
        var times = new List<double>();
        var watch = Stopwatch.StartNew();
        for (var i = -WarmUps; i < FewestChunks || watch.Elapsed.TotalSeconds < seconds; i++)
        {
            if (cancellation.IsCancellationRequested)
                throw new BenchException("stopped before the end: there are no figures");
            if (i == 0)
                watch.Restart();
            var began = Stopwatch.GetTimestamp();
            using var chunk = policy.Predict(observation);
            // Not before it is here: a GPU works on after the call.
            using var here = chunk.cpu();
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Sort();
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{directory} on {device}, {threads} threads: {times[times.Count / 2]:0.00} ms a chunk at the "
                    + $"median, {times[(int)(0.99 * (times.Count - 1))]:0.00} ms at 99 % ({times.Count} chunks)"
            )
        );
    }

    private static Dictionary<string, Tensor> Observation(LeRobotConfig features, LeRobotProcessors processors)
    {
        // By the names that the checkpoint's processors rename.
        var observation = features.Cameras.ToDictionary(
            processors.NameOf,
            camera => randint(256, [1, camera.Shape[1], camera.Shape[2], 3], dtype: uint8)
        );
        foreach (var numbers in features.Numbers)
            observation[processors.NameOf(numbers)] = zeros([1, numbers.Count]);
        return observation;
    }
}
