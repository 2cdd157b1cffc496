using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Language;

/// <summary>
/// BERT's Transformer encoder (arXiv:1810.04805) with Hugging Face's parameter names: every word sees every other.
/// </summary>
/// <remarks>
/// Checkpoints of <c>BertModel</c> load. Positions count words, not places, so that padding on either side changes
/// nothing.
/// </remarks>
internal sealed class Bert : Module<Tensor, Tensor>, IIgnoresWeights, IMasksPadding
{
    private const double Epsilon = 1e-12;

    private readonly Embeddings embeddings;
    private readonly Encoder encoder;
    private readonly Pooler? pooler;
    private readonly long _maxPositions;

    /// <param name="vocabSize">Tokens in the vocabulary.</param>
    /// <param name="maxPositions">Longest sentence.</param>
    /// <param name="dim">Size of a token, a multiple of <paramref name="heads"/>.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="feedForwardDim">Hidden size of each layer's two linear layers.</param>
    /// <param name="padId">The id of padding.</param>
    /// <param name="pooled">The pooler's output for the first word instead of tokens.</param>
    /// <param name="dropout">Share dropped in training.</param>
    public Bert(
        long vocabSize = 30_522,
        long maxPositions = 512,
        long dim = 768,
        long layers = 12,
        long heads = 12,
        long feedForwardDim = 3_072,
        long padId = 0,
        bool pooled = false,
        double dropout = 0.1
    )
        : base(nameof(Bert))
    {
        (PadId, _maxPositions) = (padId, maxPositions);
        embeddings = new Embeddings(vocabSize, maxPositions, dim, dropout);
        encoder = new Encoder(layers, () => new Layer(dim, heads, feedForwardDim, dropout));
        if (pooled)
            pooler = new Pooler(dim);
        RegisterComponents();
    }

    public long PadId { get; }

    public bool Ignores(string name) =>
        name == "embeddings.position_ids" || (pooler is null && name.StartsWith("pooler.", StringComparison.Ordinal));

    /// <param name="x">Token ids [batch, sequence], int64.</param>
    /// <returns>Tokens [batch, sequence, dim], zero for padding; pooled: [batch, dim].</returns>
    public override Tensor forward(Tensor x)
    {
        PaddedText.CheckLength(x, _maxPositions);
        using var scope = NewDisposeScope();
        var text = new PaddedText(x, PadId);
        var tokens = encoder.call(embeddings.call(x, text.Positions), Tokens.AttentionMask(text.Present));
        return (
            pooler is null ? text.WithoutPadding(tokens) : pooler.call(text.First(tokens))
        ).MoveToOuterDisposeScope();
    }

    private sealed class Embeddings : Module<Tensor, Tensor, Tensor>
    {
        private readonly Embedding word_embeddings;
        private readonly Embedding position_embeddings;
        private readonly Embedding token_type_embeddings;
        private readonly LayerNorm LayerNorm;
        private readonly Dropout dropout;

        public Embeddings(long vocabSize, long maxPositions, long dim, double dropoutShare)
            : base(nameof(Embeddings))
        {
            word_embeddings = Embedding(vocabSize, dim);
            position_embeddings = Embedding(maxPositions, dim);
            token_type_embeddings = Embedding(2, dim); // first or second sentence; an instruction is the first
            LayerNorm = nn.LayerNorm(dim, Epsilon);
            dropout = Dropout(dropoutShare);
            RegisterComponents();
        }

        public override Tensor forward(Tensor ids, Tensor positions)
        {
            using var scope = NewDisposeScope();
            var sum =
                word_embeddings.call(ids) + position_embeddings.call(positions) + token_type_embeddings.weight![0];
            return dropout.call(LayerNorm.call(sum)).MoveToOuterDisposeScope();
        }
    }

    private sealed class Encoder : Module<Tensor, Tensor, Tensor>
    {
        private readonly ModuleList<Layer> layer;

        public Encoder(long layers, Func<Layer> create)
            : base(nameof(Encoder))
        {
            layer = new ModuleList<Layer>([.. Enumerable.Range(0, (int)layers).Select(_ => create())]);
            RegisterComponents();
        }

        public override Tensor forward(Tensor tokens, Tensor mask)
        {
            using var scope = NewDisposeScope();
            foreach (var each in layer)
                tokens = each.call(tokens, mask);
            return tokens.MoveToOuterDisposeScope();
        }
    }

    private sealed class Layer : Module<Tensor, Tensor, Tensor>
    {
        private readonly BertAttention attention;
        private readonly Intermediate intermediate;
        private readonly AddAndNormalise output;

        public Layer(long dim, long heads, long feedForwardDim, double dropout)
            : base(nameof(Layer))
        {
            attention = new BertAttention(dim, heads, dropout);
            intermediate = new Intermediate(dim, feedForwardDim);
            output = new AddAndNormalise(feedForwardDim, dim, dropout);
            RegisterComponents();
        }

        public override Tensor forward(Tensor tokens, Tensor mask)
        {
            using var scope = NewDisposeScope();
            tokens = attention.call(tokens, mask);
            return output.call(intermediate.call(tokens), tokens).MoveToOuterDisposeScope();
        }
    }

    private sealed class BertAttention : Module<Tensor, Tensor, Tensor>
    {
        private readonly SelfAttention self;
        private readonly AddAndNormalise output;

        public BertAttention(long dim, long heads, double dropout)
            : base(nameof(BertAttention))
        {
            self = new SelfAttention(dim, heads, dropout);
            output = new AddAndNormalise(dim, dim, dropout);
            RegisterComponents();
        }

        public override Tensor forward(Tensor tokens, Tensor mask)
        {
            using var scope = NewDisposeScope();
            return output.call(self.call(tokens, mask), tokens).MoveToOuterDisposeScope();
        }
    }

    private sealed class SelfAttention : Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear query;
        private readonly Linear key;
        private readonly Linear value;
        private readonly long _heads;
        private readonly double _dropout;

        public SelfAttention(long dim, long heads, double dropout)
            : base(nameof(SelfAttention))
        {
            (_heads, _dropout) = (heads, dropout);
            query = Linear(dim, dim);
            key = Linear(dim, dim);
            value = Linear(dim, dim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor mask)
        {
            using var scope = NewDisposeScope();
            return Attention
                .Attend(query.call(x), key.call(x), value.call(x), _heads, mask, training ? _dropout : 0)
                .MoveToOuterDisposeScope();
        }
    }

    private sealed class Intermediate : Module<Tensor, Tensor>
    {
        private readonly Linear dense;

        public Intermediate(long dim, long feedForwardDim)
            : base(nameof(Intermediate))
        {
            dense = Linear(dim, feedForwardDim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return functional.gelu(dense.call(x)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>norm(x + dense(found)): normalisation comes after the sum, unlike in later Transformers.</summary>
    private sealed class AddAndNormalise : Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear dense;
        private readonly LayerNorm LayerNorm;
        private readonly Dropout dropout;

        public AddAndNormalise(long inputDim, long dim, double dropoutShare)
            : base(nameof(AddAndNormalise))
        {
            dense = Linear(inputDim, dim);
            LayerNorm = nn.LayerNorm(dim, Epsilon);
            dropout = Dropout(dropoutShare);
            RegisterComponents();
        }

        public override Tensor forward(Tensor found, Tensor x)
        {
            using var scope = NewDisposeScope();
            return LayerNorm.call(x + dropout.call(dense.call(found))).MoveToOuterDisposeScope();
        }
    }

    /// <summary>A linear layer and tanh on the first word.</summary>
    private sealed class Pooler : Module<Tensor, Tensor>
    {
        private readonly Linear dense;

        public Pooler(long dim)
            : base(nameof(Pooler))
        {
            dense = Linear(dim, dim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor first)
        {
            using var scope = NewDisposeScope();
            return dense.call(first).tanh().MoveToOuterDisposeScope();
        }
    }
}
