using System.Runtime.InteropServices;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// Tries whether an exported stage gives the same for the same input: one that was exported in training mode does not.
/// </summary>
/// <remarks>
/// A module that is traced while it trains keeps its dropout and its batch statistics for good: <c>eval()</c> does not
/// reach them. It runs, its shapes fit, and its results are wrong without a sign. Dropout shows when the same input is
/// given twice, batch normalisation when a second input lies beside the first.
/// </remarks>
internal static class RepeatTrial
{
    /// <summary>
    /// Relative to the largest number: far above what another order of additions changes, far below what dropout does.
    /// </summary>
    private const double Tolerance = 1e-3;

    private const string Mend = "export it in evaluation mode: model.eval() before torch.jit.trace or torch.jit.script";

    /// <param name="call">Runs the stage.</param>
    /// <param name="inputs">What it was given, each [1, …].</param>
    /// <param name="result">What it gave, [1, …].</param>
    /// <returns>What is wrong with the mend, one line; null when nothing is.</returns>
    public static string? Complaint(Func<Tensor[], Tensor> call, Tensor[] inputs, Tensor result)
    {
        if (!result.isfinite().all().ToBoolean())
            return "gives numbers that are not finite for an ordinary input; export it anew from sound weights";
        if (!IsSame(result, call(inputs)))
            return $"gives another result each time for the same input, as with dropout in force; {Mend}, "
                + "or, when chance is a part of it, set \"stochastic\": true";

        return BesideAnother(call, inputs) is { } beside && !IsSame(result, beside)
            ? "gives another result when a second input lies beside the first, as batch normalisation does while it "
                + $"trains; {Mend}"
            : null;
    }

    /// <summary>
    /// The first row of a batch of two; null when the stage takes one input at a time, as a traced one may.
    /// </summary>
    private static Tensor? BesideAnother(Func<Tensor[], Tensor> call, Tensor[] inputs)
    {
        try
        {
            var both = call([.. inputs.Select(input => cat([input, Other(input)], 0))]);
            return both.shape is [2, ..] ? both.narrow(0, 0, 1) : null;
        }
        catch (ExternalException)
        {
            return null;
        }
    }

    private static Tensor Other(Tensor input) =>
        input.is_floating_point() ? Scalars.One - Scalars.Two * input : zeros_like(input);

    private static bool IsSame(Tensor expected, Tensor actual)
    {
        if (Shape(expected) != Shape(actual))
            return false;
        var largest = expected.abs().max().ToDouble();
        return (expected - actual).abs().max().ToDouble() <= Tolerance * Math.Max(largest, 1e-6);
    }

    private static string Shape(Tensor tensor) => CheckpointShape.Text(tensor.shape);
}
