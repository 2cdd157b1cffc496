using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary>What <c>vla forward</c> is asked of a policy that takes several inputs by name.</summary>
/// <param name="Directory">The policy's.</param>
/// <param name="Device">Where Torch computes.</param>
/// <param name="Input">A safetensors file.</param>
/// <param name="Output">A safetensors file for the results; null for none.</param>
/// <param name="Console">Is told what came out.</param>
internal sealed record ForwardRequest(string Directory, Device Device, string Input, string? Output, TextWriter Console)
{
    /// <summary>The data set whose statistics bring actions to the robot's units; null for the only one.</summary>
    public string? UnnormKey { get; init; }
}
