using static TorchSharp.torch;

namespace Vla.Actors.Policies.Layers;

/// <summary>A tensor that is computed and neither learnt nor stored, on whichever device it is asked for.</summary>
/// <remarks>
/// TorchSharp leaves buffers that are not stored behind when a module moves, and does not list them either.
/// </remarks>
/// <param name="make">Makes it on the CPU, within a dispose scope.</param>
internal sealed class DeviceConstant(Func<Tensor> make) : IDisposable
{
    private string _device = "";
    private Tensor? _made;

    /// <returns>Belongs to this object; made anew when the device is another than last time.</returns>
    public Tensor On(Device device)
    {
        var name = device.ToString();
        if (_made is not null && _device == name)
            return _made;

        // Training may come after inference: what is made in inference mode has no place in a gradient.
        using var guard = inference_mode(false);
        using var scope = NewDisposeScope();
        _made?.Dispose();
        _made = make().to(device).DetachFromDisposeScope();
        _device = name;
        return _made;
    }

    public void Dispose() => _made?.Dispose();
}
