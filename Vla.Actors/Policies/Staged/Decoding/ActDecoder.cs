using TorchSharp.Modules;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Decoding;

/// <summary>
/// ACT's decoder ("Learning Fine-Grained Bimanual Manipulation with Low-Cost Hardware", arXiv:2304.13705): a learned
/// query for each action of a chunk, which asks the fused features what to do.
/// </summary>
/// <remarks>
/// The layers are pre-norm, which trains without a long warm-up; the paper's normalise after each sum.
/// </remarks>
internal sealed class ActDecoder : Module<Tensor, Tensor>
{
    private readonly Embedding queries;
    private readonly ModuleList<Layer> layers;
    private readonly LayerNorm norm;
    private readonly Linear action_head;

    /// <param name="inputDim">Size of a fused token.</param>
    /// <param name="actionDim">Dimensions of the action.</param>
    /// <param name="horizon">Actions in a chunk.</param>
    /// <param name="dim">Size of a query, a multiple of <paramref name="heads"/>.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="layerCount">Layers.</param>
    /// <param name="feedForwardDim">Hidden size of each layer's two linear layers.</param>
    /// <param name="dropout">Share dropped in training.</param>
    public ActDecoder(
        long inputDim,
        long actionDim = 7,
        long horizon = 10,
        long dim = 96,
        long heads = 4,
        long layerCount = 2,
        long feedForwardDim = 192,
        double dropout = 0
    )
        : base(nameof(ActDecoder))
    {
        queries = Embedding(horizon, dim);
        layers = new ModuleList<Layer>([
            .. Enumerable
                .Range(0, (int)layerCount)
                .Select(_ => new Layer(inputDim, dim, heads, feedForwardDim, dropout)),
        ]);
        norm = LayerNorm(dim);
        action_head = Linear(dim, actionDim);
        RegisterComponents();
    }

    /// <param name="x">Fused features: tokens [batch, count, inputDim] or [batch, inputDim].</param>
    /// <returns>Normalised action chunk [batch, horizon, actionDim].</returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var memory = Tokens.From(x, "fused features");
        var tokens = queries.weight!.unsqueeze(0).expand(memory.shape[0], -1, -1);
        foreach (var layer in layers)
            tokens = layer.call(tokens, memory);
        return action_head.call(norm.call(tokens)).MoveToOuterDisposeScope();
    }

    private sealed class Layer : Module<Tensor, Tensor, Tensor>
    {
        private readonly ResidualAttention self;
        private readonly ResidualAttention cross;
        private readonly ResidualFeedForward feed_forward;

        public Layer(long inputDim, long dim, long heads, long feedForwardDim, double dropout)
            : base(nameof(Layer))
        {
            self = new ResidualAttention(dim, heads, dropoutShare: dropout);
            cross = new ResidualAttention(dim, heads, inputDim, dropout);
            feed_forward = new ResidualFeedForward(dim, feedForwardDim, dropout);
            RegisterComponents();
        }

        public override Tensor forward(Tensor tokens, Tensor memory)
        {
            using var scope = NewDisposeScope();
            return feed_forward.call(cross.call(self.call(tokens, null, null), memory, null)).MoveToOuterDisposeScope();
        }
    }
}
