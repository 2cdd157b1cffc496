using TorchSharp;
using static TorchSharp.torch;

namespace Vla.Actors.Training;

/// <summary>
/// Keeps the exponential moving average of a model's weights in another one: what is validated and exported.
/// </summary>
/// <remarks>
/// Young averages forget faster, so that the random weights of the beginning do not linger: min(decay, (1 + t) / (20 +
/// t)).
/// </remarks>
internal sealed class MovingAverage
{
    private readonly (Tensor Live, Tensor Average)[] _pairs;
    private readonly double _decay;

    /// <param name="live">The model that is trained.</param>
    /// <param name="average">Of the same kind; takes over its weights at once.</param>
    /// <param name="decay">How much stays at a step.</param>
    public MovingAverage(nn.Module live, nn.Module average, double decay)
    {
        _decay = decay;
        var (from, to) = (live.state_dict(), average.state_dict());
        _pairs = [.. from.Select(entry => (entry.Value, to[entry.Key]))];
        using var guard = no_grad();
        foreach (var (source, target) in _pairs)
            target.copy_(source);
    }

    /// <param name="step">Steps done, from 1.</param>
    public void Update(int step)
    {
        using var guard = no_grad();
        var share = Math.Min(_decay, (1.0 + step) / (20.0 + step));
        // Named: see Scalars.
        using Scalar keep = share,
            take = 1 - share;
        foreach (var (live, average) in _pairs)
        {
            if (average.is_floating_point())
                average.mul_(keep).add_(live, take);
            else
                average.copy_(live);
        }
    }
}
