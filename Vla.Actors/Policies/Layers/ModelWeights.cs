using TorchSharp;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// The weights below a place in a checkpoint, in one type on a device, and the layers that are made of them.
/// </summary>
/// <remarks>Each is read when it is first asked for, and kept; one that is missing is named.</remarks>
internal sealed class ModelWeights : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly Device _device;
    private readonly string _prefix;
    private readonly Dictionary<string, Tensor> _read;
    private readonly bool _owns;
    private readonly ScalarType _type;

    /// <param name="checkpoint">Owned from now on.</param>
    /// <param name="device">Where they are used.</param>
    /// <param name="type">What they are used in.</param>
    public ModelWeights(Checkpoint checkpoint, Device device, ScalarType type = ScalarType.Float32)
        : this(checkpoint, device, "", [], type) => _owns = true;

    private ModelWeights(
        Checkpoint checkpoint,
        Device device,
        string prefix,
        Dictionary<string, Tensor> read,
        ScalarType type
    ) => (_checkpoint, _device, _prefix, _read, _type) = (checkpoint, device, prefix, read, type);

    /// <summary>Numbers that have been read.</summary>
    public long Count => _read.Values.Sum(tensor => tensor.numel());

    /// <summary>Those below a place.</summary>
    public ModelWeights At(string place) => new(_checkpoint, _device, $"{_prefix}{place}.", _read, _type);

    /// <summary>The file and the whole name of one, for messages.</summary>
    public string NameOf(string name) => $"{_checkpoint.Path}: {_prefix}{name}";

    /// <summary>Whether there is one of that name.</summary>
    public bool Has(string name) => _checkpoint.Tensors.ContainsKey(_prefix + name);

    /// <summary>One of them, of as many sizes.</summary>
    /// <exception cref="PolicyException">It is missing, or has another number of sizes.</exception>
    public Tensor Get(string name, int rank)
    {
        var full = _prefix + name;
        if (_read.TryGetValue(full, out var known))
            return known;
        if (!_checkpoint.Tensors.TryGetValue(full, out var entry))
            throw new PolicyException($"{_checkpoint.Path}: has no {full}");
        if (entry.Shape.Count != rank || !entry.Type.IsFloatingPoint())
            throw new PolicyException(
                $"{_checkpoint.Path}: {full} is {entry.ShapeText} {entry.Type}, expected are numbers with {rank} sizes"
            );
        using var outside = inference_mode(false);
        var stored = _checkpoint.ReadTensor(full);
        FiniteWeights.Check(_checkpoint.Path, full, stored);
        // As it is stored and where it is: nothing is held twice.
        var used = stored.dtype == _type ? stored : stored.to(_type);
        if (_device.type != DeviceType.CPU)
            used = used.to(_device);
        if (!ReferenceEquals(used, stored))
            stored.Dispose();
        return _read[full] = used.DetachFromDisposeScope();
    }

    /// <summary>x · weightᵀ + bias.</summary>
    public Tensor Linear(string name, Tensor x, bool hasBias)
    {
        var weight = Get($"{name}.weight", 2);
        if (x.shape[^1] != weight.shape[1])
            throw new PolicyException(
                $"{_checkpoint.Path}: {_prefix}{name}.weight takes {weight.shape[1]} numbers and would be given "
                    + $"{x.shape[^1]}"
            );
        return functional.linear(x, weight, hasBias ? Get($"{name}.bias", 1) : null);
    }

    public Tensor LayerNorm(string name, Tensor x, double eps) =>
        functional.layer_norm(x, [x.shape[^1]], Get($"{name}.weight", 1), Get($"{name}.bias", 1), eps);

    /// <summary>weight · x / √(mean(x²) + eps).</summary>
    public Tensor RmsNorm(string name, Tensor x, double eps)
    {
        using var scope = NewDisposeScope();
        using Scalar small = eps;
        // The squares of half the digits are too coarse.
        var exact = x.to(ScalarType.Float32);
        var normed = exact * ((exact * exact).mean([-1], keepdim: true) + small).rsqrt();
        return (Get($"{name}.weight", 1) * normed.to(x.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>down(silu(gate x) · up x).</summary>
    public Tensor GatedMlp(string name, Tensor x)
    {
        using var scope = NewDisposeScope();
        var gate = functional.silu(Linear($"{name}.gate_proj", x, hasBias: false));
        return Linear($"{name}.down_proj", gate * Linear($"{name}.up_proj", x, hasBias: false), hasBias: false)
            .MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        if (!_owns)
            return;
        foreach (var tensor in _read.Values)
            tensor.Dispose();
        _checkpoint.Dispose();
    }
}
