using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;

namespace Vla.Runtime.Bench;

/// <summary>The policy at full speed: always one picture at work and the next one being prepared.</summary>
internal sealed class FullLoad : IDisposable
{
    // The next is captured as soon as the encoder begins with the one before.
    private readonly PicturePace _pace = new(ahead: 1);
    private readonly PreparedPictures _pictures = new();

    public BenchParts Parts(BenchContext context) =>
        new()
        {
            Pace = _pace,
            OpenCamera = () => _pictures.AsCamera(_pace),
            Modules = Paced(PolicyModules.Of(context.Policy, context.Device), _pace),
        };

    /// <summary>
    /// Tensors that live when every stage has what it keeps and the camera gives nothing; then goes on.
    /// </summary>
    public async Task<long> CountIdleTensorsAsync(BenchContext context, BenchPipeline pipeline)
    {
        const double lookAgainSeconds = 0.3;
        _pace.Pause();
        for (var decoded = -1L; decoded != pipeline.Decoded; )
        {
            decoded = pipeline.Decoded;
            await context.WaitAsync(lookAgainSeconds);
        }

        var count = Tensor.TotalCount;
        _pace.Resume();
        return count;
    }

    public void Dispose()
    {
        _pace.Dispose();
        _pictures.Dispose();
    }

    /// <summary>Modules whose vision encoder tells the camera when it begins with a picture.</summary>
    public static PolicyModules Paced(PolicyModules modules, PicturePace pace) =>
        modules with
        {
            Vision = () => new WatchedModule(modules.Vision(), before: pace.Next),
        };
}
