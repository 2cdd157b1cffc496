using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies;

/// <summary>The notebook's action decoder (section 2.4): three linear layers.</summary>
public sealed class ActionDecoder : Module<Tensor, Tensor>
{
    private readonly Sequential decoder;

    /// <param name="inputDim">Fused features that go in.</param>
    /// <param name="actionDim">Dimensions of the action.</param>
    public ActionDecoder(long inputDim = 128, long actionDim = 7)
        : base(nameof(ActionDecoder))
    {
        decoder = Sequential(
            ("0", Linear(inputDim, 128)),
            ("1", ReLU(inplace: true)),
            ("2", Dropout(0.1)),
            ("3", Linear(128, 64)),
            ("4", ReLU(inplace: true)),
            ("5", Linear(64, actionDim)));
        RegisterComponents();
    }

    /// <param name="x">Fused features [batch, inputDim].</param>
    /// <returns>Normalised action [batch, actionDim].</returns>
    public override Tensor forward(Tensor x) => decoder.call(x);
}
