using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Torch;

namespace Vla.Runtime.Bench;

/// <summary>
/// Time for one picture: a plain TorchSharp port against the real stages, with the same weights in the same run.
/// </summary>
/// <remarks>
/// <para>
/// Like is compared with like: both begin with the same 640×480 BGR picture, prepare it with the same
/// <see cref="Sensors.Images.ImagePreparation"/>, and end with an array of action values; both have one picture at work
/// at a time and may use all cores for it. The port encodes the instruction for every picture, because that is what the
/// notebook does; the runtime's time includes every message from stage to stage. Both must give the same actions, or
/// the figures are refused.
/// </para>
/// <para>They take turns of a quarter second, in changing order, so that whatever else the machine does hits all
/// alike.</para>
/// </remarks>
internal sealed class InferenceMeasurement : IMeasurement
{
    private const double LargestDifference = 1e-4;
    private const int WarmUpBlocks = 3;
    private static readonly TimeSpan Block = TimeSpan.FromMilliseconds(250);

    public string Name => "inference";

    public double Share => 1;

    public async Task RunAsync(BenchContext context, BenchReport report)
    {
        using var pictures = new PreparedPictures();
        var float32 = StagedPolicy.Load(context.Policy.Directory, Precision.Float32);
        var halved = StagedPolicy.Load(context.Policy.Directory, Precision.BFloat16);
        var inForce = halved.PrecisionOn(context.Device);
        var hasBFloat16 = inForce.Precision == Precision.BFloat16;
        await using var runtime = await PipelineContestant.StartAsync(context, float32, pictures);
        await using var bfloat16 = hasBFloat16 ? await PipelineContestant.StartAsync(context, halved, pictures) : null;
        if (!hasBFloat16)
            report.Reasons["bfloat16_ms"] = report.Reasons["bfloat16_max_abs_difference"] = inForce.Note;

        context.Say("plain port and pipeline in turns", context.Seconds);
        var done = new TaskCompletionSource<IContestant?>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(context, pictures, [runtime, .. (IContestant?[])[bfloat16]], done))
        {
            IsBackground = true,
            Name = "bench",
        }.Start();
        var plain = await done.Task;

        if (plain is null)
            report.Reasons["plain_ms"] = "the policy's stages are not the notebook's";
        else
            RequireSame(plain, runtime);
        report.Inference = Figures(plain, runtime, bfloat16);
    }

    /// <summary>
    /// The turns, on a thread of their own: the plain port computes on it, with a number of Torch threads that is its
    /// own.
    /// </summary>
    private static void Run(
        BenchContext context,
        PreparedPictures pictures,
        IEnumerable<IContestant?> others,
        TaskCompletionSource<IContestant?> done
    )
    {
        try
        {
            TorchThreads.Use(context.Threads.Vision);
            using var port = PlainPort.Of(context.Policy, context.Device);
            using var plain = port is null ? null : new PlainContestant(port, context, pictures);
            IContestant[] contestants = [.. others.Prepend(plain).OfType<IContestant>()];
            var turns = Math.Max(2, (int)(context.Seconds / (Block.TotalSeconds * contestants.Length)));
            for (var turn = -WarmUpBlocks; turn < turns; turn++)
            {
                foreach (var contestant in turn % 2 == 0 ? contestants : contestants.Reverse())
                {
                    context.Cancellation.ThrowIfCancellationRequested();
                    contestant.RunBlock(Block, counts: turn >= 0);
                }
            }

            done.SetResult(plain);
        }
        catch (Exception exception)
        {
            done.SetException(exception);
        }
    }

    private static void RequireSame(IContestant plain, PipelineContestant runtime)
    {
        var difference = Contest.MaxAbsDifference(plain.Actions, runtime.Actions);
        if (difference > LargestDifference)
            throw new BenchException(
                $"the plain port and the pipeline give different actions ({difference:0.0e0} apart): their times do "
                    + "not compare"
            );
    }

    private static InferenceFigures Figures(
        IContestant? plain,
        PipelineContestant runtime,
        PipelineContestant? bfloat16
    ) =>
        new()
        {
            PlainMs = MedianMs(plain?.TimesNs),
            RuntimeMs = MedianMs(runtime.TimesNs),
            Bfloat16Ms = MedianMs(bfloat16?.TimesNs),
            Bfloat16MaxAbsDifference = bfloat16 is null
                ? null
                : Contest.MaxAbsDifference(runtime.Actions, bfloat16.Actions),
            VisionMs = MedianMs(runtime.Origins.Select(origin => origin.Steps.Find(StagedSteps.Encode))),
            LanguageMs = MedianMs(
                runtime
                    .Origins.DistinctBy(origin => origin.InstructionNumber)
                    .Select(origin => origin.InstructionSteps.Find(StagedSteps.EncodeInstruction))
            ),
            FusionMs = MedianMs(runtime.Origins.Select(origin => origin.Steps.Find(StagedSteps.Fuse))),
            DecoderMs = MedianMs(runtime.Origins.Select(origin => origin.Steps.Find(StagedSteps.Decode))),
        };

    private static double? MedianMs(IEnumerable<StepTimes> times) =>
        MedianMs([.. times.Select(time => time.DurationNs)]);

    private static double? MedianMs(IReadOnlyList<long>? timesNs) =>
        timesNs is { Count: > 0 } ? new Samples(timesNs).MedianMs : null;
}
