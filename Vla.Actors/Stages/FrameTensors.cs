using Vla.Sensors.Cameras;
using static TorchSharp.torch;

namespace Vla.Actors.Stages;

/// <summary>Camera frames as Torch sees them: their own memory, nothing is copied.</summary>
/// <remarks>
/// A pool lends out the same few frames over and over, so each one's tensor is made once and kept. With the first frame
/// come those of its whole pool: from then on the number of tensors stays the same.
/// </remarks>
internal sealed class FrameTensors : IDisposable
{
    private const int Channels = 3;

    // More than any pool's. Reached only when pools are given up for new ones.
    private const int Most = 64;

    private readonly Dictionary<float[], Tensor> _tensors = [];

    /// <returns>[1, 3, height, width], whose strides say channels-last; stays this object's.</returns>
    public Tensor Of(Frame frame)
    {
        if (_tensors.TryGetValue(frame.Pixels, out var known))
            return known;

        if (_tensors.Count >= Most)
            Dispose();
        foreach (var lent in frame.Pool.All)
        {
            if (!_tensors.ContainsKey(lent.Pixels))
                _tensors.Add(lent.Pixels, Once(lent).DetachFromDisposeScope());
        }

        return _tensors[frame.Pixels];
    }

    /// <returns>[1, 3, height, width], likewise; of the dispose scope that is open, and so for once.</returns>
    public static Tensor Once(Frame frame)
    {
        using var memory = frombuffer(frame.Pixels, ScalarType.Float32);
        long[] shape = [1, Channels, frame.Height, frame.Width];
        long[] strides = [frame.Pixels.Length, 1, frame.Width * Channels, Channels];
        return memory.as_strided(shape, strides);
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
        _tensors.Clear();
    }
}
