using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Checkpoints;

/// <summary>
/// Refuses weights that no training means: NaN and infinity, which make every action NaN, and variances below 0, which
/// do the same.
/// </summary>
internal static class FiniteWeights
{
    private const string Variance = "running_var";

    /// <param name="path">The file, for the error.</param>
    /// <param name="name">The tensor's.</param>
    /// <param name="tensor">On the CPU, in any type; borrowed.</param>
    /// <exception cref="CheckpointException">A number is not finite, or a variance is negative.</exception>
    public static void Check(string path, string name, Tensor tensor)
    {
        if (!tensor.is_floating_point() || tensor.numel() == 0)
            return;
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var wrong = tensor.isfinite().logical_not();
        if (wrong.any().item<bool>())
        {
            throw new CheckpointException(
                $"{path}: '{ErrorText.Bounded(name)}' holds {wrong.sum().item<long>()} numbers of {tensor.numel()} "
                    + "that are not finite (NaN or infinity): the training went wrong; take a checkpoint from before"
            );
        }

        if (name != Variance && !name.EndsWith($".{Variance}", StringComparison.Ordinal))
            return;
        if (tensor.lt(Scalars.Zero).any().item<bool>())
            throw new CheckpointException(
                $"{path}: '{ErrorText.Bounded(name)}' holds a variance below 0; the file is damaged, take another "
                    + "checkpoint"
            );
    }

    /// <summary>Checks what has become of weights in the type of number in which they are used.</summary>
    /// <param name="path">The file, for the error.</param>
    /// <param name="name">The tensor's.</param>
    /// <param name="used">The weights as they are used; they were finite in the file.</param>
    /// <exception cref="CheckpointException">A number is beyond the type's range.</exception>
    public static void CheckConverted(string path, string name, Tensor used)
    {
        if (!used.is_floating_point() || used.numel() == 0)
            return;
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        if (!used.isfinite().all().item<bool>())
            throw new CheckpointException(
                $"{path}: '{ErrorText.Bounded(name)}' holds numbers beyond the range of {used.dtype}, in which they "
                    + "are used"
            );
    }
}
