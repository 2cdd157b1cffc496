using TorchSharp.Modules;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Fusion;

/// <summary>
/// Learned queries read the words and then look at the picture, in turns, together with a token for the robot's state.
/// </summary>
/// <remarks>
/// As BLIP-2's Q-Former (arXiv:2301.12597) draws what matters from an image's tokens; the layers are pre-norm.
/// </remarks>
internal sealed class CrossAttentionFusion : StateFusion
{
    private readonly Embedding queries;
    private readonly Linear? state_input;
    private readonly ModuleList<Layer> layers;
    private readonly LayerNorm norm;
    private readonly bool _pooled;

    /// <param name="visionDim">Size of a vision token.</param>
    /// <param name="languageDim">Size of a language token.</param>
    /// <param name="stateDim">Numbers of robot state; 0 for none.</param>
    /// <param name="dim">Size of a token that comes out, a multiple of <paramref name="heads"/>.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="layerCount">Layers.</param>
    /// <param name="queryCount">Learned queries.</param>
    /// <param name="pooled">Average over the tokens instead of tokens.</param>
    /// <param name="dropout">Share dropped in training.</param>
    public CrossAttentionFusion(
        long visionDim,
        long languageDim,
        long stateDim,
        long dim = 128,
        long heads = 4,
        long layerCount = 2,
        long queryCount = 8,
        bool pooled = false,
        double dropout = 0
    )
        : base(nameof(CrossAttentionFusion), stateDim)
    {
        _pooled = pooled;
        queries = Embedding(queryCount, dim);
        if (stateDim > 0)
            state_input = Linear(stateDim, dim);
        layers = new ModuleList<Layer>([
            .. Enumerable.Range(0, (int)layerCount).Select(_ => new Layer(visionDim, languageDim, dim, heads, dropout)),
        ]);
        norm = LayerNorm(dim);
        RegisterComponents();
    }

    /// <inheritdoc/>
    /// <returns>Tokens [batch, queries (+ 1 with state), dim]; pooled: [batch, dim].</returns>
    public override Tensor forward(Tensor vision, Tensor language, Tensor state)
    {
        using var scope = NewDisposeScope();
        var seen = Tokens.From(vision, "vision features");
        var words = Tokens.From(language, "language features");
        var mask = Tokens.AttentionMask(Tokens.Present(words));
        var tokens = queries.weight!.unsqueeze(0).expand(words.shape[0], -1, -1);
        if (state_input is not null)
            tokens = cat([tokens, state_input.call(state).unsqueeze(1)], 1);
        foreach (var layer in layers)
            tokens = layer.call(tokens, words, mask, seen);
        tokens = norm.call(tokens);
        return (_pooled ? tokens.mean([1]) : tokens).MoveToOuterDisposeScope();
    }

    private sealed class Layer : Module<Tensor, Tensor, Tensor, Tensor, Tensor>
    {
        private readonly ResidualAttention self;
        private readonly ResidualAttention read;
        private readonly ResidualAttention look;
        private readonly ResidualFeedForward feed_forward;

        public Layer(long visionDim, long languageDim, long dim, long heads, double dropout)
            : base(nameof(Layer))
        {
            self = new ResidualAttention(dim, heads, dropoutShare: dropout);
            read = new ResidualAttention(dim, heads, languageDim, dropout);
            look = new ResidualAttention(dim, heads, visionDim, dropout);
            feed_forward = new ResidualFeedForward(dim, 4 * dim, dropout);
            RegisterComponents();
        }

        public override Tensor forward(Tensor tokens, Tensor words, Tensor mask, Tensor seen)
        {
            using var scope = NewDisposeScope();
            tokens = self.call(tokens, null, null);
            tokens = read.call(tokens, words, mask);
            tokens = look.call(tokens, seen, null);
            return feed_forward.call(tokens).MoveToOuterDisposeScope();
        }
    }
}
