using TorchSharp.Modules;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Fusion;

/// <summary>
/// FiLM ("Visual Reasoning with a General Conditioning Layer", arXiv:1709.07871): words and state scale and shift what
/// is seen.
/// </summary>
internal sealed class FilmFusion : StateFusion
{
    private readonly Linear input;
    private readonly ModuleList<FilmBlock> blocks;
    private readonly LayerNorm norm;
    private readonly bool _pooled;

    /// <param name="visionDim">Size of a vision token.</param>
    /// <param name="languageDim">Size of a language token.</param>
    /// <param name="stateDim">Numbers of robot state; 0 for none.</param>
    /// <param name="dim">Size of a token that comes out.</param>
    /// <param name="layers">Residual blocks.</param>
    /// <param name="pooled">Average over the tokens, which forgets where things are, instead of tokens.</param>
    public FilmFusion(
        long visionDim,
        long languageDim,
        long stateDim,
        long dim = 128,
        long layers = 2,
        bool pooled = false
    )
        : base(nameof(FilmFusion), stateDim)
    {
        _pooled = pooled;
        input = Linear(visionDim, dim);
        blocks = new ModuleList<FilmBlock>([
            .. Enumerable.Range(0, (int)layers).Select(_ => new FilmBlock(dim, languageDim + stateDim)),
        ]);
        norm = LayerNorm(dim);
        RegisterComponents();
    }

    /// <inheritdoc/>
    /// <returns>As many tokens as vision has, [batch, count, dim]; pooled: [batch, dim].</returns>
    public override Tensor forward(Tensor vision, Tensor language, Tensor state)
    {
        using var scope = NewDisposeScope();
        var sentence = Tokens.Mean(Tokens.From(language, "language features"));
        var condition = cat([sentence, state], 1);
        var tokens = input.call(Tokens.From(vision, "vision features"));
        foreach (var block in blocks)
            tokens = block.call(tokens, condition);
        tokens = norm.call(tokens);
        return (_pooled ? tokens.mean([1]) : tokens).MoveToOuterDisposeScope();
    }

    /// <summary>The paper's residual block (figure 3), each token by itself.</summary>
    private sealed class FilmBlock : Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear fc1;
        private readonly Linear fc2;
        private readonly LayerNorm norm;
        private readonly Linear film;

        public FilmBlock(long dim, long conditionDim)
            : base(nameof(FilmBlock))
        {
            fc1 = Linear(dim, dim);
            fc2 = Linear(dim, dim);
            norm = LayerNorm(dim, elementwise_affine: false); // FiLM's own scale and shift take their place
            film = Linear(conditionDim, 2 * dim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor condition)
        {
            using var scope = NewDisposeScope();
            var scaleAndShift = film.call(condition).unsqueeze(1).chunk(2, 2);
            x = functional.relu(fc1.call(x));
            var modulated = norm.call(fc2.call(x)) * (scaleAndShift[0] + Scalars.One) + scaleAndShift[1];
            return (x + functional.relu(modulated)).MoveToOuterDisposeScope();
        }
    }
}
