using TorchSharp;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Staged.Language;

/// <summary>A language encoder that leaves padding out by its id.</summary>
internal interface IMasksPadding
{
    /// <summary>The vocabulary's <c>[PAD]</c>.</summary>
    long PadId { get; }
}

/// <summary>Token ids of sentences that were filled up to one length: which are words, and where.</summary>
/// <param name="ids">[batch, sequence], int64.</param>
/// <param name="padId">The id of padding.</param>
internal sealed class PaddedText(Tensor ids, long padId)
{
    /// <summary>[batch, sequence], true for words.</summary>
    public Tensor Present { get; } = IsWord(ids, padId);

    /// <summary>[batch, sequence], int64: words count from 0 wherever the padding is.</summary>
    public Tensor Positions => (Present.to(int64).cumsum(1) - Scalars.One).clamp_min(Scalars.Zero);

    /// <summary>Each sentence's first word: [batch, sequence, dim] → [batch, dim].</summary>
    public Tensor First(Tensor tokens) => At(tokens, Present.to(int64).argmax(1));

    /// <summary>Each sentence's last word: [batch, sequence, dim] → [batch, dim].</summary>
    public Tensor Last(Tensor tokens) => At(tokens, Positions.argmax(1));

    /// <summary>The same tokens, zero where there is no word.</summary>
    public Tensor WithoutPadding(Tensor tokens) => tokens * Present.unsqueeze(2).to(tokens.dtype);

    /// <exception cref="ArgumentException">The sentences are longer than an encoder has positions for.</exception>
    public static void CheckLength(Tensor ids, long maxPositions)
    {
        if (ids.shape[1] > maxPositions)
            throw new ArgumentException($"a sentence has {ids.shape[1]} tokens, max_positions is {maxPositions}");
    }

    private static Tensor IsWord(Tensor ids, long padId)
    {
        using Scalar pad = padId;
        return ids.ne(pad);
    }

    // One of the equal highest values counts: torch gives the first one's index.
    private static Tensor At(Tensor tokens, Tensor index) =>
        tokens.gather(1, index.reshape(-1, 1, 1).expand(-1, 1, tokens.shape[2])).squeeze(1);
}
