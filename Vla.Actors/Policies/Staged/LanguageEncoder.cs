using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// The notebook's language encoder (section 2.2): word embedding, bidirectional LSTM, a linear layer.
/// </summary>
/// <remarks>
/// Only the LSTM's output at the last position is used. Its forward half has read the whole sentence by then, its
/// backward half only the last token, so a sentence is padded on the left: the last position holds its last word.
/// </remarks>
public sealed class LanguageEncoder : Module<Tensor, Tensor>
{
    private readonly Embedding embedding;
    private readonly LSTM lstm;
    private readonly Linear fc;

    /// <param name="vocabSize">Tokens in the vocabulary.</param>
    /// <param name="embedDim">Size of a word's vector.</param>
    /// <param name="hiddenDim">LSTM units in each direction.</param>
    /// <param name="featureDim">Features that come out.</param>
    public LanguageEncoder(long vocabSize = 1_000, long embedDim = 128, long hiddenDim = 128, long featureDim = 128)
        : base(nameof(LanguageEncoder))
    {
        embedding = Embedding(vocabSize, embedDim);
        lstm = LSTM(embedDim, hiddenDim, batchFirst: true, bidirectional: true);
        fc = Linear(hiddenDim * 2, featureDim);
        RegisterComponents();
    }

    /// <param name="x">Token ids [batch, sequence], int64, each from 0 to vocabSize − 1.</param>
    /// <returns>Language features [batch, featureDim].</returns>
    public override Tensor forward(Tensor x)
    {
        var (output, _, _) = lstm.call(embedding.call(x)); // [batch, sequence, 2 × hiddenDim]
        return fc.call(output.select(1, -1));
    }
}
