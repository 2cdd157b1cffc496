using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Layers;

/// <summary>Random weights that training starts from, for parameters that no layer makes.</summary>
internal static class InitialWeights
{
    /// <summary>Normally distributed around 0, with 0.02 as in BERT, GPT-2 and ViT.</summary>
    public static Parameter Normal(params ReadOnlySpan<long> shape)
    {
        using Scalar standardDeviation = 0.02;
        using var unit = randn(shape.ToArray());
        return new Parameter(unit * standardDeviation);
    }
}
