using TorchSharp;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// What stages agree on about features: tokens [batch, count, dim], or one vector [batch, dim], a row of one.
/// </summary>
/// <remarks>
/// A token whose numbers are all exactly zero is padding: a language encoder writes it so, and whoever attends to
/// tokens leaves it out. Thus a stage stays one tensor in, one tensor out, as exported modules are.
/// </remarks>
internal static class Tokens
{
    // Finite, so that a row of nothing but padding gives an average and not NaN; exp(-10,000) is exactly 0.
    private static readonly Scalar Excluded = -1e4f;

    /// <summary>Features of either kind as tokens.</summary>
    /// <returns>[batch, count, dim]; a view.</returns>
    /// <exception cref="ArgumentException">They have neither two nor three dimensions.</exception>
    public static Tensor From(Tensor features, string what) =>
        features.dim() switch
        {
            2 => features.unsqueeze(1),
            3 => features.view_as(features),
            _ => throw new ArgumentException(
                $"{what} have {features.dim()} dimensions, wanted are [batch, dim] or tokens [batch, count, dim]"
            ),
        };

    /// <summary>Which tokens are words, not padding: [batch, count], true or false.</summary>
    public static Tensor Present(Tensor tokens) => tokens.ne(Scalars.Zero).any(-1);

    /// <summary>What to add to attention scores so that only the tokens that are present count.</summary>
    /// <param name="present">[batch, count].</param>
    /// <returns>[batch, 1, 1, count], 0 or −10,000; no gradient.</returns>
    public static Tensor AttentionMask(Tensor present)
    {
        using var scope = NewDisposeScope();
        var mask = zeros(present.shape, device: present.device).masked_fill(present.logical_not(), Excluded);
        return mask.unsqueeze(1).unsqueeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>Average over the tokens that are present.</summary>
    /// <param name="tokens">[batch, count, dim].</param>
    /// <returns>[batch, dim].</returns>
    public static Tensor Mean(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var count = Present(tokens).sum(1, keepdim: true).clamp_min(Scalars.One);
        return (tokens.sum(1) / count).MoveToOuterDisposeScope();
    }
}
