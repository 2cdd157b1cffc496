using System.Globalization;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary>What <c>vla forward</c> is given and gives by name, for policies of LeRobot's.</summary>
internal static class ForwardSteps
{
    /// <summary>Writes every step to a file, and its shape and range to the console.</summary>
    /// <param name="steps">By name; numbers that are no floating-point numbers are in the file alone.</param>
    /// <param name="output">A safetensors file; null for none.</param>
    /// <param name="console">Is told what came out.</param>
    public static void Write(IReadOnlyDictionary<string, Tensor> steps, string? output, TextWriter console)
    {
        if (output is not null)
            SafetensorsWriter.Write(output, steps.ToDictionary(pair => pair.Key, pair => pair.Value.contiguous()));
        foreach (var (name, tensor) in steps.Where(step => step.Value.is_floating_point()))
            console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name, -45} {$"[{string.Join(", ", tensor.shape)}]", -18} {tensor.min().ToDouble(), 10:F4} to "
                        + $"{tensor.max().ToDouble():F4}"
                )
            );
    }

    /// <exception cref="PolicyException">A tensor holds numbers that are not finite.</exception>
    public static void RequireFinite(string input, string name, Tensor tensor)
    {
        if (tensor.is_floating_point() && !tensor.isfinite().all().ToBoolean())
            throw new PolicyException($"{input}: {name} holds numbers that are not finite (NaN or infinity)");
    }
}
