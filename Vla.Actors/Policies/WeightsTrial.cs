using System.Runtime.InteropServices;
using TorchSharp;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>
/// Tries a model on a plain pattern, so that what does not fit is found before a robot waits for it.
/// </summary>
internal static class WeightsTrial
{
    /// <param name="directory">The policy's, for the message.</param>
    /// <param name="work">Goes through the model.</param>
    /// <exception cref="PolicyException">Torch cannot compute it: weights and sizes do not fit.</exception>
    public static void Run(string directory, Action work)
    {
        try
        {
            work();
        }
        catch (ExternalException e)
        {
            throw new PolicyException(
                $"{directory}: its weights do not fit together or its config.json: {ErrorText.FirstLine(e.Message)}",
                e
            );
        }
    }

    /// <exception cref="PolicyException">What came out is not finite.</exception>
    public static void RequireFinite(string directory, Tensor result)
    {
        if (!result.isfinite().all().ToBoolean())
            throw new PolicyException(
                $"{directory}: makes NaN or infinity of a plain pattern: its weights are of no use"
            );
    }
}
