using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>The notebook's fusion layer (section 2.3): both feature vectors side by side, two linear layers.</summary>
public sealed class FusionLayer : Module<Tensor, Tensor, Tensor>
{
    private readonly Sequential fusion;

    // The layers that do something when not training. In an array: a field of its own would be registered as a part.
    private readonly Linear[] _linear;

    /// <param name="visionDim">Vision features that go in.</param>
    /// <param name="languageDim">Language features that go in.</param>
    /// <param name="fusedDim">Hidden size; half as many features come out.</param>
    public FusionLayer(long visionDim = 128, long languageDim = 128, long fusedDim = 256)
        : base(nameof(FusionLayer))
    {
        _linear = [Linear(visionDim + languageDim, fusedDim), Linear(fusedDim, fusedDim / 2)];
        fusion = Sequential(("0", _linear[0]), ("1", ReLU(inplace: true)), ("2", Dropout(0.1)), ("3", _linear[1]));
        RegisterComponents();
    }

    /// <param name="vision">Vision features [batch, visionDim].</param>
    /// <param name="language">Language features [batch, languageDim].</param>
    /// <returns>Fused features [batch, fusedDim / 2].</returns>
    public override Tensor forward(Tensor vision, Tensor language)
    {
        using var both = cat([vision, language], 1);
        using var hidden = _linear[0].call(both);
        return _linear[1].call(hidden.relu_());
    }
}
