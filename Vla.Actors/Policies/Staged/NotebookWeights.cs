using System.Runtime.InteropServices;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// Recognises the random weights that the notebook's model began with (PyTorch, seed 0), wherever they were copied to.
/// </summary>
/// <remarks>
/// <c>vla import</c> makes of them a policy that says nothing of being untrained. The first values of a weight in each
/// stage are compared, with room for a checkpoint kept in 16 bits; training moves them further than that.
/// </remarks>
internal static class NotebookWeights
{
    /// <summary>bfloat16 keeps 8 bits of a number.</summary>
    private const float RelativeTolerance = 1f / 256;

    private static readonly (string Stage, string Name, float[] Values)[] Beginnings =
    [
        (
            PolicyConfig.VisionKey,
            "vision_encoder.conv_layers.0.weight",
            [-0.00144084f, 0.103239f, -0.158395f, -0.141632f, -0.074123f, 0.0516069f, -0.00381305f, 0.152592f]
        ),
        (
            PolicyConfig.LanguageKey,
            "language_encoder.lstm.weight_ih_l0",
            [0.0651926f, -0.0726365f, -0.0233723f, 0.0868225f, -0.0623357f, 0.031997f, -0.023661f, -0.0203788f]
        ),
        (
            PolicyConfig.FusionKey,
            "fusion.fusion.0.weight",
            [0.0124566f, 0.0422717f, 0.00215437f, 0.0146374f, -0.0431645f, -0.0599537f, 0.0487997f, -0.0390838f]
        ),
        (
            PolicyConfig.DecoderKey,
            "action_decoder.decoder.0.weight",
            [-0.00597925f, 0.0460549f, -0.0532182f, 0.0503639f, 0.0243187f, 0.0533596f, 0.0461062f, 0.0822442f]
        ),
    ];

    /// <summary>The first of some stages whose weights are those; null when none's are.</summary>
    public static string? FindStage(Checkpoint checkpoint, IEnumerable<string> stages)
    {
        foreach (var stage in stages)
        {
            foreach (var beginning in Beginnings)
            {
                if (beginning.Stage == stage && Begins(checkpoint, beginning.Name, beginning.Values))
                    return stage;
            }
        }

        return null;
    }

    private static bool Begins(Checkpoint checkpoint, string name, float[] values)
    {
        if (!checkpoint.Tensors.TryGetValue(name, out var entry) || entry.ElementCount < values.Length)
            return false;
        using var tensor = checkpoint.ReadTensor(name);
        using var first = tensor
            .flatten()
            .narrow(0, 0, values.Length)
            .to(TorchSharp.torch.ScalarType.Float32)
            .contiguous();
        var read = MemoryMarshal.Cast<byte, float>(first.bytes);
        for (var i = 0; i < values.Length; i++)
        {
            if (!(Math.Abs(read[i] - values[i]) <= RelativeTolerance * Math.Abs(values[i])))
                return false;
        }

        return true;
    }
}
