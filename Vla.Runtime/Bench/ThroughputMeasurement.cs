using System.Diagnostics;
using OpenCvSharp;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Torch;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Runtime.Bench;

/// <summary>
/// How many pictures a second stages that overlap get through: three that only wait, and a video against one thread.
/// </summary>
/// <remarks>
/// The video's two ways do the same work with the same modules: decode, prepare, encode, fuse, decode the action, with
/// the instruction encoded once. One does it all on one thread of control (Torch and FFmpeg may still use every core
/// within a step), the other is the pipeline. They take turns, so that the machine's noise hits both. The one thread
/// encodes on all cores. In the pipeline decoding and encoding go on at once, so its vision encoder leaves a core to
/// the decoder: callers × threads stay within the cores.
/// </remarks>
internal sealed class ThroughputMeasurement : IMeasurement
{
    private const int Turns = 4;
    private const double WaitingShare = 1 / 3.0;
    private const double VideoShare = 2 / 3.0;
    private const double SettleSeconds = 0.2;

    public string Name => "throughput";

    public double Share => WaitingShare + VideoShare;

    public async Task RunAsync(BenchContext context, BenchReport report)
    {
        var waiting = await WaitingStagesAsync(context);
        var (sequential, pipeline) = await VideoAsync(context);
        report.Throughput = new ThroughputFigures
        {
            WaitingStagesFps = waiting,
            WaitingStagesIdealFps = 1 / WaitingModules.Wait.TotalSeconds,
            VideoSequentialFps = sequential,
            VideoPipelineFps = pipeline,
        };
    }

    private static async Task<double> WaitingStagesAsync(BenchContext context)
    {
        using var pictures = new PreparedPictures();
        using var pace = new PicturePace(ahead: 1);
        await using var pipeline = await BenchPipeline.StartAsync(
            context,
            new BenchParts
            {
                OpenCamera = () => pictures.AsCamera(pace),
                Pace = pace,
                Modules = FullLoad.Paced(WaitingModules.For(context.Policy.Action), pace),
            }
        );
        await pipeline.WarmUpAsync();

        context.Say("three stages that wait", context.Seconds * WaitingShare);
        return await RateAsync(context, pipeline, context.Seconds * WaitingShare);
    }

    private static async Task<(double Sequential, double Pipeline)> VideoAsync(BenchContext context)
    {
        context.Say("making a 720p video", 0);
        using var reel = new VideoReel();
        using var pace = new PicturePace(ahead: 1);
        await using var pipeline = await BenchPipeline.StartAsync(
            context,
            new BenchParts
            {
                OpenCamera = () => reel.Open(pace),
                Pace = pace,
                Threads = context.Threads with { Vision = Math.Max(1, context.Threads.Vision - 1) },
                Modules = FullLoad.Paced(PolicyModules.Of(context.Policy, context.Device), pace),
            }
        );
        await pipeline.WarmUpAsync();
        pace.Pause();

        context.Say("a video on one thread and through the pipeline, in turns", context.Seconds * VideoShare);
        var turn = context.Seconds * VideoShare / (2 * Turns);
        using var thread = new SequentialThread(context, reel);
        await thread.RateAsync(SettleSeconds);
        var (sequential, together) = (0.0, 0.0);
        for (var i = 0; i < Turns; i++)
        {
            sequential += await thread.RateAsync(turn);
            pace.Resume();
            await context.WaitAsync(SettleSeconds);
            together += await RateAsync(context, pipeline, turn);
            pace.Pause();
            await context.WaitAsync(SettleSeconds);
        }

        return (sequential / Turns, together / Turns);
    }

    private static async Task<double> RateAsync(BenchContext context, BenchPipeline pipeline, double seconds)
    {
        var (before, started) = (pipeline.Decoded, Stopwatch.GetTimestamp());
        await context.WaitAsync(seconds);
        var rate = (pipeline.Decoded - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        pipeline.ThrowIfBroken();
        return rate;
    }

    /// <summary>
    /// The same work one thing after the other, on a thread that stays the same because Torch's settings are a
    /// thread's.
    /// </summary>
    private sealed class SequentialThread : IDisposable
    {
        private readonly BenchContext _context;
        private readonly VideoReel _reel;
        private readonly SemaphoreSlim _wanted = new(0);
        private readonly Thread _thread;
        private volatile bool _ending;
        private double _seconds;
        private TaskCompletionSource<double> _rate = new();

        public SequentialThread(BenchContext context, VideoReel reel)
        {
            (_context, _reel) = (context, reel);
            _thread = new Thread(Run) { IsBackground = true, Name = "bench" };
            _thread.Start();
        }

        /// <summary>Works for so long; pictures a second.</summary>
        public Task<double> RateAsync(double seconds)
        {
            _rate = new TaskCompletionSource<double>(TaskCreationOptions.RunContinuationsAsynchronously);
            _seconds = seconds;
            _wanted.Release();
            return _rate.Task;
        }

        public void Dispose()
        {
            _ending = true;
            _wanted.Release();
            _thread.Join();
            _wanted.Dispose();
        }

        private void Run()
        {
            try
            {
                TorchThreads.Use(_context.Threads.Vision);
                Work();
            }
            catch (Exception exception)
            {
                _rate.TrySetException(exception);
            }
        }

        private void Work()
        {
            var modules = PolicyModules.Of(_context.Policy, _context.Device);
            using var vision = modules.Vision();
            using var language = modules.Language();
            using var fusion = modules.Fusion();
            using var decoder = modules.Decoder();
            using var inference = inference_mode();
            using var everything = NewDisposeScope();
            var features = language.call(_context.Policy.Tokenize(BenchContext.Instruction).to(_context.Device));
            var spec = _context.Policy.Image;
            var pixels = GC.AllocateUninitializedArray<float>(spec.Height * spec.Width * 3, pinned: true);
            using var preparation = new ImagePreparation(spec);
            using var camera = _reel.Open();
            using var picture = new Mat();

            for (_wanted.Wait(); !_ending; _wanted.Wait())
            {
                var (pictures, started) = (0, Stopwatch.GetTimestamp());
                for (; Stopwatch.GetElapsedTime(started).TotalSeconds < _seconds; pictures++)
                {
                    _context.Cancellation.ThrowIfCancellationRequested();
                    camera.Read(picture);
                    preparation.Prepare(picture, pixels);
                    using var scope = NewDisposeScope();
                    var image = frombuffer(pixels, ScalarType.Float32)
                        .reshape(1, spec.Height, spec.Width, 3)
                        .permute(0, 3, 1, 2);
                    var fused = fusion.call(vision.call(image.to(_context.Device)), features);
                    _context.Policy.Action.Unnormalise(
                        decoder.call(fused).to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray()
                    );
                }

                _rate.SetResult(pictures / Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
        }
    }
}
