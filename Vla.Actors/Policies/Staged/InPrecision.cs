using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>A stage that computes in a shorter kind of number; what goes in and comes out stays float32.</summary>
internal sealed class InPrecision : Module<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> stage;
    private readonly ScalarType _type;

    /// <param name="inner">Owned by this module from now on; its weights are converted here, once.</param>
    /// <param name="type">bfloat16 or float16.</param>
    public InPrecision(Module<Tensor, Tensor> inner, ScalarType type)
        : base(nameof(InPrecision))
    {
        stage = inner.to(type);
        _type = type;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        // Channels-last, as pictures come from a camera: laid otherwise, a convolution with few output channels came
        // out wrong in the first decimal in bfloat16 on a processor with AVX-512. Where else that happens is not known.
        var input = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).to(_type);
        return stage.call(input).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
