using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Language;

/// <summary>
/// GPT-2 ("Language Models are Unsupervised Multitask Learners", 2019) with its parameter names: a word sees those
/// before it.
/// </summary>
/// <remarks>
/// Checkpoints of <c>GPT2Model</c> load. Positions count words, not places, so that padding on either side changes
/// nothing.
/// </remarks>
internal sealed class Gpt2 : Module<Tensor, Tensor>, IIgnoresWeights, IMasksPadding
{
    private static readonly Scalar Excluded = 1e4f;

    private readonly Embedding wte;
    private readonly Embedding wpe;
    private readonly Dropout drop;
    private readonly ModuleList<Block> h;
    private readonly LayerNorm ln_f;
    private readonly long _maxPositions;
    private readonly bool _pooled;

    /// <param name="vocabSize">Tokens in the vocabulary.</param>
    /// <param name="maxPositions">Longest sentence.</param>
    /// <param name="dim">Size of a token, a multiple of <paramref name="heads"/>.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="padId">The id of padding; published checkpoints have none, so one that no sentence uses.</param>
    /// <param name="pooled">The last word's features, which have seen the whole sentence, instead of tokens.</param>
    /// <param name="dropout">Share dropped in training.</param>
    public Gpt2(
        long vocabSize = 50_257,
        long maxPositions = 1_024,
        long dim = 768,
        long layers = 12,
        long heads = 12,
        long padId = 0,
        bool pooled = false,
        double dropout = 0.1
    )
        : base(nameof(Gpt2))
    {
        (PadId, _maxPositions, _pooled) = (padId, maxPositions, pooled);
        wte = Embedding(vocabSize, dim);
        wpe = Embedding(maxPositions, dim);
        drop = Dropout(dropout);
        h = new ModuleList<Block>([.. Enumerable.Range(0, (int)layers).Select(_ => new Block(dim, heads, dropout))]);
        ln_f = LayerNorm(dim);
        RegisterComponents();
    }

    public long PadId { get; }

    /// <summary>The causal mask, which old checkpoints carry as a buffer.</summary>
    public bool Ignores(string name) =>
        name.EndsWith(".attn.bias", StringComparison.Ordinal)
        || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal);

    /// <param name="x">Token ids [batch, sequence], int64.</param>
    /// <returns>Tokens [batch, sequence, dim], zero for padding; pooled: [batch, dim].</returns>
    public override Tensor forward(Tensor x)
    {
        PaddedText.CheckLength(x, _maxPositions);
        using var scope = NewDisposeScope();
        var text = new PaddedText(x, PadId);
        var length = x.shape[1];
        var earlier = ones([length, length], device: x.device).tril();
        // [batch, 1, sequence, sequence]
        var mask = Tokens.AttentionMask(text.Present) + (earlier - Scalars.One) * Excluded;
        var tokens = drop.call(wte.call(x) + wpe.call(text.Positions));
        foreach (var block in h)
            tokens = block.call(tokens, mask);
        tokens = ln_f.call(tokens);
        return (_pooled ? text.Last(tokens) : text.WithoutPadding(tokens)).MoveToOuterDisposeScope();
    }

    private sealed class Block : Module<Tensor, Tensor, Tensor>
    {
        private readonly LayerNorm ln_1;
        private readonly CausalAttention attn;
        private readonly LayerNorm ln_2;
        private readonly Mlp mlp;
        private readonly Dropout dropout;

        public Block(long dim, long heads, double dropoutShare)
            : base(nameof(Block))
        {
            ln_1 = LayerNorm(dim);
            attn = new CausalAttention(dim, heads, dropoutShare);
            ln_2 = LayerNorm(dim);
            mlp = new Mlp(dim);
            dropout = Dropout(dropoutShare);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor mask)
        {
            using var scope = NewDisposeScope();
            x = x + dropout.call(attn.call(ln_1.call(x), mask));
            return (x + dropout.call(mlp.call(ln_2.call(x)))).MoveToOuterDisposeScope();
        }
    }

    private sealed class CausalAttention : Module<Tensor, Tensor, Tensor>
    {
        private readonly Conv1D c_attn;
        private readonly Conv1D c_proj;
        private readonly long _heads;
        private readonly double _dropout;

        public CausalAttention(long dim, long heads, double dropout)
            : base(nameof(CausalAttention))
        {
            (_heads, _dropout) = (heads, dropout);
            c_attn = new Conv1D(dim, 3 * dim);
            c_proj = new Conv1D(dim, dim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor mask)
        {
            using var scope = NewDisposeScope();
            var parts = c_attn.call(x).chunk(3, 2);
            var found = Attention.Attend(parts[0], parts[1], parts[2], _heads, mask, training ? _dropout : 0);
            return c_proj.call(found).MoveToOuterDisposeScope();
        }
    }

    private sealed class Mlp : Module<Tensor, Tensor>
    {
        private readonly Conv1D c_fc;
        private readonly Conv1D c_proj;

        public Mlp(long dim)
            : base(nameof(Mlp))
        {
            c_fc = new Conv1D(dim, 4 * dim);
            c_proj = new Conv1D(4 * dim, dim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return c_proj
                .call(functional.gelu(c_fc.call(x), TorchSharp.Modules.GELU.Approximate.tanh))
                .MoveToOuterDisposeScope();
        }
    }

    /// <summary>GPT-2's name for a linear layer whose weights lie [in, out].</summary>
    private sealed class Conv1D : Module<Tensor, Tensor>
    {
        private readonly Parameter weight;
        private readonly Parameter bias;

        public Conv1D(long inputs, long outputs)
            : base(nameof(Conv1D))
        {
            weight = InitialWeights.Normal(inputs, outputs);
            bias = new Parameter(zeros(outputs));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return functional.linear(x, weight.t(), bias).MoveToOuterDisposeScope();
        }
    }
}
