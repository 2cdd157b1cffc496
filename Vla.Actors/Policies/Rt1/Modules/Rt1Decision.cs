using static TorchSharp.torch;

namespace Vla.Actors.Policies.Rt1.Modules;

/// <summary>From what each token of an action should be to the action.</summary>
internal static class Rt1Decision
{
    /// <summary>The likeliest tokens.</summary>
    /// <param name="logits">[1, tokens, vocabulary].</param>
    public static int[] Tokens(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return logits.argmax(-1).to(ScalarType.Int32).flatten().cpu().contiguous().data<int>().ToArray();
    }

    /// <summary>All numbers of the action, part by part.</summary>
    public static float[] Values(Rt1Config config, ReadOnlySpan<int> tokens)
    {
        var values = new float[config.ActionSize];
        var (token, number) = (0, 0);
        foreach (var part in config.Action)
        {
            part.Values(tokens.Slice(token, part.Tokens), values.AsSpan(number, part.Size), config.Vocabulary);
            token += part.Tokens;
            number += part.Size;
        }

        return values;
    }
}
