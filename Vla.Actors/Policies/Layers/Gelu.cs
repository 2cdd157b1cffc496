using TorchSharp;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Layers;

/// <summary>Forms of GELU ("Gaussian Error Linear Units", arXiv:1606.08415) beside Torch's own.</summary>
internal static class Gelu
{
    /// <summary>0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), the approximation of GELU.</summary>
    public static Tensor Tanh(Tensor x)
    {
        using var scope = NewDisposeScope();
        using Scalar cubic = 0.044715,
            slope = Math.Sqrt(2 / Math.PI);
        return (x * Scalars.Half * (((x + x * x * x * cubic) * slope).tanh() + Scalars.One)).MoveToOuterDisposeScope();
    }
}
