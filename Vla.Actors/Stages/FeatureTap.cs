using System.Runtime.InteropServices;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Stages;

/// <summary>Shows how a stage's features are distributed, twice a second, for as long as somebody watches.</summary>
/// <remarks>
/// The stage offers every result; unless one is wanted that costs a comparison. Watching is a wish that runs out by
/// itself, so a watcher that is gone needs not say so.
/// </remarks>
public sealed class FeatureTap
{
    private const long EveryNs = 500 * MonotonicTime.NsPerMs;
    private const long WishLastsNs = 2 * MonotonicTime.NsPerSecond;

    private long _wantedUntilNs;
    private long _nextNs;
    private FeatureHistogram? _newest;

    /// <summary>What was seen last; null before there was anything.</summary>
    public FeatureHistogram? Newest => Volatile.Read(ref _newest);

    /// <summary>Says that somebody watches; to be said again within two seconds.</summary>
    public void Watch(long nowNs) => Interlocked.Exchange(ref _wantedUntilNs, nowNs + WishLastsNs);

    /// <summary>
    /// Looks at features if somebody watches and the last look is long enough ago. Called by the stage.
    /// </summary>
    /// <param name="features">Any shape and type; stays the caller's.</param>
    /// <param name="nowNs">Monotonic nanoseconds.</param>
    public void Offer(Tensor features, long nowNs)
    {
        if (nowNs < _nextNs || nowNs > Interlocked.Read(ref _wantedUntilNs))
            return;
        _nextNs = nowNs + EveryNs;
        Look(features);
    }

    /// <summary>Looks at features whether somebody watches or not, for what comes seldom.</summary>
    public void Look(Tensor features)
    {
        using var scope = NewDisposeScope();
        var flat = features.detach().to(ScalarType.Float32).cpu().contiguous();
        Volatile.Write(ref _newest, FeatureHistogram.Of(MemoryMarshal.Cast<byte, float>(flat.bytes)));
    }
}
