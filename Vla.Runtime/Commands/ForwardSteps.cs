using System.Globalization;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary>What <c>vla forward</c> gives by name, for policies that take several inputs by name.</summary>
/// <param name="scope">Owns what is kept.</param>
internal sealed class ForwardSteps(DisposeScope scope)
{
    private readonly Dictionary<string, Tensor> _steps = [];

    /// <exception cref="PolicyException">A tensor of the input holds numbers that are not finite.</exception>
    public static void RequireFinite(Checkpoint input)
    {
        foreach (var name in input.Tensors.Keys)
        {
            using var tensor = input.ReadTensor(name);
            RequireFinite(input, name, tensor);
        }
    }

    /// <exception cref="PolicyException">One that was read holds numbers that are not finite.</exception>
    public static void RequireFinite(Checkpoint input, string name, Tensor tensor)
    {
        if (tensor.is_floating_point() && !tensor.isfinite().all().ToBoolean())
            throw new PolicyException($"{input.Path}: {name} holds numbers that are not finite (NaN or infinity)");
    }

    /// <summary>An input that is something else than it should be.</summary>
    public static PolicyException Wrong(Checkpoint input, string name, string wanted) =>
        new($"{input.Path}: {name} is {input.Tensors[name].ShapeText} {input.Tensors[name].Type}, wanted are {wanted}");

    /// <summary>Keeps a step's result; one of the same name is replaced.</summary>
    /// <param name="name">The step's.</param>
    /// <param name="tensor">Borrowed: it may come from within a layer, whose scope ends before this one's.</param>
    public void Keep(string name, Tensor tensor)
    {
        using var plain = tensor.dtype == ScalarType.BFloat16 ? tensor.to(ScalarType.Float32) : tensor.alias();
        _steps[name] = plain.cpu().clone().DetachFromDisposeScope().MoveToOtherDisposeScope(scope);
    }

    /// <summary>Writes every step to a file, and its shape and range to the console.</summary>
    /// <param name="output">A safetensors file; null for none.</param>
    /// <param name="console">Is told what came out; numbers that are no floating-point numbers are in the file
    /// alone.</param>
    public void Write(string? output, TextWriter console)
    {
        if (output is not null)
            SafetensorsWriter.Write(output, _steps.ToDictionary(pair => pair.Key, pair => pair.Value.contiguous()));
        foreach (var (name, tensor) in _steps.Where(step => step.Value.is_floating_point()))
            console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name, -45} {$"[{string.Join(", ", tensor.shape)}]", -18} {tensor.min().ToDouble(), 10:F4} to "
                        + $"{tensor.max().ToDouble():F4}"
                )
            );
    }
}
