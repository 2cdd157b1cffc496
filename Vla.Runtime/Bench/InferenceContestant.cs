using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged;
using Vla.Sensors;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Runtime.Bench;

/// <summary>
/// One way from a picture to its action, run in short blocks that alternate with those of the others.
/// </summary>
internal interface IContestant
{
    /// <summary>Times from picture to action, nanoseconds, of all blocks that counted.</summary>
    IReadOnlyList<long> TimesNs { get; }

    /// <summary>The normalised action made of each prepared picture.</summary>
    IReadOnlyList<float[]> Actions { get; }

    /// <summary>
    /// Works for so long, and on <see cref="Contest.FewestPictures"/> at least. The first few pictures after a break do
    /// not count, and none does while warming up.
    /// </summary>
    void RunBlock(TimeSpan duration, bool counts);
}

/// <summary>What contestants have in common.</summary>
internal static class Contest
{
    /// <summary>
    /// Pictures at the beginning of a block that do not count: caches and cores belong to the one before.
    /// </summary>
    public const int SkippedPictures = 3;

    /// <summary>
    /// Pictures in a block, also on a machine so slow or so busy that they take longer than it should.
    /// </summary>
    public const int FewestPictures = 8;

    /// <summary>The largest difference between two sets of actions.</summary>
    public static double MaxAbsDifference(IReadOnlyList<float[]> a, IReadOnlyList<float[]> b) =>
        a.Zip(b).Max(pair => pair.First.Zip(pair.Second).Max(values => Math.Abs((double)values.First - values.Second)));
}

/// <summary>The plain port, everything one after the other on the calling thread.</summary>
/// <param name="port">Owned by this.</param>
/// <param name="context">The policy and the device.</param>
/// <param name="pictures">What to work on, in turn.</param>
internal sealed class PlainContestant(PlainPort port, BenchContext context, PreparedPictures pictures)
    : IContestant,
        IDisposable
{
    private readonly ImagePreparation _preparation = new(context.Policy.Image);
    private readonly float[] _pixels = new float[context.Policy.Image.Height * context.Policy.Image.Width * 3];
    private readonly List<long> _timesNs = [];
    private readonly float[][] _actions = new float[PreparedPictures.Length][];
    private long _next;

    public IReadOnlyList<long> TimesNs => _timesNs;

    public IReadOnlyList<float[]> Actions => _actions;

    public void RunBlock(TimeSpan duration, bool counts)
    {
        var time = TimeProvider.System;
        var endNs = time.NowNs() + duration.Ticks * TimeSpan.NanosecondsPerTick;
        for (var done = 0; time.NowNs() < endNs || done < Contest.FewestPictures; done++)
        {
            var startedNs = time.NowNs();
            _actions[_next % PreparedPictures.Length] = Infer(_next++);
            if (counts && done >= Contest.SkippedPictures)
                _timesNs.Add(time.NowNs() - startedNs);
        }
    }

    public void Dispose()
    {
        port.Dispose();
        _preparation.Dispose();
    }

    private float[] Infer(long number)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        _preparation.Prepare(pictures[number], _pixels);
        var image = PlainPort.Image(_pixels, context.Policy.Image).to(context.Device);
        var text = context.Policy.Tokenize(BenchContext.Instruction).to(context.Device);
        return port.call(image, text).cpu().data<float>().ToArray();
    }
}

/// <summary>
/// The real pipeline, one picture at a time: the next is captured when the one before has become an action.
/// </summary>
internal sealed class PipelineContestant : IContestant, IAsyncDisposable
{
    // Often enough to see nearly every action, seldom enough to leave the cores alone.
    private const double RateHz = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly PicturePace _pace = new(ahead: 0);
    private readonly ManualResetEventSlim _idle = new(true);
    private readonly OriginRecorder _recorder = new();
    private readonly List<Origin> _origins = [];
    private readonly float[][] _actions;
    private BenchPipeline _pipeline = null!;
    private volatile bool _open;
    private int _next;

    private PipelineContestant(int pictures) => _actions = new float[pictures][];

    /// <summary>Where each action that counted came from.</summary>
    public IReadOnlyList<Origin> Origins => _origins;

    public IReadOnlyList<long> TimesNs =>
        [.. _origins.Select(origin => origin.Steps[^1].FinishedNs - origin.CapturedNs)];

    public IReadOnlyList<float[]> Actions => _actions;

    public static async Task<PipelineContestant> StartAsync(
        BenchContext context,
        StagedPolicy policy,
        PreparedPictures pictures
    )
    {
        var contestant = new PipelineContestant(PreparedPictures.Length);
        var modules = PolicyModules.Of(policy, context.Device);
        contestant._pipeline = await BenchPipeline.StartAsync(
            context,
            new BenchParts
            {
                OpenCamera = () => pictures.AsCamera(contestant._pace),
                Pace = contestant._pace,
                Policy = policy,
                Modules = modules with
                {
                    Decoder = () => new WatchedModule(modules.Decoder(), after: contestant.OnDecoded),
                },
                Robot = contestant._recorder,
                RateHz = RateHz,
            }
        );
        return contestant;
    }

    public void RunBlock(TimeSpan duration, bool counts)
    {
        // Told while nothing runs: a language encoder that competes with the vision encoder says nothing of either.
        _pipeline.Instructions.Tell(new GiveInstruction(BenchContext.Instruction), ActorRefs.NoSender);
        _idle.Reset();
        _open = true;
        _pace.Next();
        var enough = _pipeline.Decoded + Contest.FewestPictures;
        Thread.Sleep(duration);
        for (var waited = TimeSpan.Zero; _pipeline.Decoded < enough && waited < Patience; waited += duration)
            Thread.Sleep(duration);
        _open = false;
        var finished = _idle.Wait(Patience);
        _pipeline.ThrowIfBroken();
        if (!finished)
            throw new BenchException($"the pipeline gave no action within {Patience.TotalSeconds:0} s");

        var seen = _recorder.Take();
        if (counts)
            _origins.AddRange(seen.Skip(Contest.SkippedPictures));
    }

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync();
        _pace.Dispose();
        _idle.Dispose();
    }

    /// <summary>
    /// On the decoder's thread, before the action is handed on. One picture at a time, so their order is known.
    /// </summary>
    private void OnDecoded(Tensor output)
    {
        _actions[_next] ??= output.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        _next = (_next + 1) % _actions.Length;
        if (_open)
            _pace.Next();
        else
            _idle.Set();
    }
}
