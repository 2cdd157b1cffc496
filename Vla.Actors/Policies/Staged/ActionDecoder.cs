using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>The notebook's action decoder (section 2.4): three linear layers.</summary>
public sealed class ActionDecoder : Module<Tensor, Tensor>
{
    private readonly Sequential decoder;

    // The layers that do something when not training. In an array: a field of its own would be registered as a part.
    private readonly Linear[] _linear;

    /// <param name="inputDim">Fused features that go in.</param>
    /// <param name="actionDim">Dimensions of the action.</param>
    public ActionDecoder(long inputDim = 128, long actionDim = 7)
        : base(nameof(ActionDecoder))
    {
        _linear = [Linear(inputDim, 128), Linear(128, 64), Linear(64, actionDim)];
        decoder = Sequential(
            ("0", _linear[0]),
            ("1", ReLU(inplace: true)),
            ("2", Dropout(0.1)),
            ("3", _linear[1]),
            ("4", ReLU(inplace: true)),
            ("5", _linear[2])
        );
        RegisterComponents();
    }

    /// <param name="x">Fused features [batch, inputDim].</param>
    /// <returns>Normalised action [batch, actionDim].</returns>
    public override Tensor forward(Tensor x)
    {
        using var first = _linear[0].call(x);
        using var second = _linear[1].call(first.relu_());
        return _linear[2].call(second.relu_());
    }
}
