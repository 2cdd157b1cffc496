using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Fusion;

/// <summary>What slot attention gives: fused tokens, and where each slot looked.</summary>
/// <param name="Fused">[batch, tokens, dim].</param>
/// <param name="Scores">[batch, slots, cells]: a softmax over the cells gives each slot's attention map.</param>
internal readonly record struct SlotFusion(Tensor Fused, Tensor Scores);

/// <summary>
/// Words and state say what to look for; a few slots each find it in the picture and bring back what and where it is.
/// </summary>
/// <remarks>
/// One attention map a slot, so that training can tell a slot where to look (grounding): <see cref="Ground"/> gives the
/// maps' scores. A picture may serve several instructions: with k times as many rows of language as of vision, each
/// picture goes with k instructions that follow each other and is worked on only once.
/// </remarks>
internal sealed class SlotAttentionFusion : StateFusion
{
    private const long LanguageQueries = 4;

    private readonly Linear vision_input;
    private readonly ResidualFeedForward token_mlp;
    private readonly Embedding language_queries;
    private readonly ResidualAttention read;
    private readonly Sequential? state_mlp;
    private readonly Sequential slot_queries;
    private readonly Linear key;
    private readonly Linear value;
    private readonly Sequential place_mlp;
    private readonly ResidualAttention mix1;
    private readonly ResidualFeedForward feed_forward1;
    private readonly ResidualAttention look;
    private readonly ResidualAttention mix2;
    private readonly ResidualFeedForward feed_forward2;
    private readonly LayerNorm norm;
    private readonly DeviceConstant _places;
    private readonly long _dim;
    private readonly long _slots;
    private readonly long _rows;
    private readonly long _columns;

    /// <param name="visionDim">Size of a vision token.</param>
    /// <param name="languageDim">Size of a language token.</param>
    /// <param name="stateDim">Numbers of robot state; 0 for none.</param>
    /// <param name="rows">Rows of the grid of vision tokens.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="dim">Size of a token that comes out, a multiple of <paramref name="heads"/>.</param>
    /// <param name="heads">Heads of the attention among the tokens that come out; a slot has one.</param>
    /// <param name="slots">Slots.</param>
    /// <param name="feedForwardDim">Hidden size of the linear layers; twice <paramref name="dim"/> when it is
    /// 0.</param>
    public SlotAttentionFusion(
        long visionDim,
        long languageDim,
        long stateDim,
        long rows,
        long columns,
        long dim = 96,
        long heads = 4,
        long slots = 6,
        long feedForwardDim = 0
    )
        : base(nameof(SlotAttentionFusion), stateDim)
    {
        var hidden = feedForwardDim == 0 ? 2 * dim : feedForwardDim;
        (_dim, _slots, _rows, _columns) = (dim, slots, rows, columns);
        vision_input = Linear(visionDim, dim);
        token_mlp = new ResidualFeedForward(dim, hidden);
        language_queries = Embedding(LanguageQueries, dim);
        read = new ResidualAttention(dim, heads, languageDim);
        if (stateDim > 0)
            state_mlp = Mlp(stateDim, dim, dim);
        slot_queries = Mlp((LanguageQueries + (stateDim > 0 ? 1 : 0)) * dim, hidden, slots * dim);
        key = Linear(dim, dim);
        value = Linear(dim, dim);
        place_mlp = Mlp(2, dim, dim);
        mix1 = new ResidualAttention(dim, heads);
        feed_forward1 = new ResidualFeedForward(dim, hidden);
        look = new ResidualAttention(dim, heads);
        mix2 = new ResidualAttention(dim, heads);
        feed_forward2 = new ResidualFeedForward(dim, hidden);
        norm = LayerNorm(dim);
        RegisterComponents();
        _places = new DeviceConstant(() => Places(rows, columns));
    }

    /// <summary>Size of a token that comes out; the slots come first.</summary>
    public long Dim => _dim;

    /// <summary>Rows of the grid of vision tokens.</summary>
    public long Rows => _rows;

    /// <summary>Columns of the grid of vision tokens.</summary>
    public long Columns => _columns;

    /// <inheritdoc/>
    /// <returns>Tokens [batch, slots + 4 (+ 1 with state), dim].</returns>
    public override Tensor forward(Tensor vision, Tensor language, Tensor state)
    {
        var (fused, scores) = Ground(vision, language, state);
        scores.Dispose();
        return fused;
    }

    /// <summary>As <c>forward</c>, with where each slot looked.</summary>
    /// <param name="vision">Tokens [batch or a divisor of it, rows × columns, visionDim].</param>
    /// <param name="language">Tokens [batch, count, languageDim], or [batch, languageDim].</param>
    /// <param name="state">Normalised robot state [batch, StateDim].</param>
    public SlotFusion Ground(Tensor vision, Tensor language, Tensor state)
    {
        using var scope = NewDisposeScope();
        var seen = Tokens.From(vision, "vision features");
        if (seen.shape[1] != _rows * _columns)
            throw new ArgumentException(
                $"there are {seen.shape[1]} vision tokens, rows × columns is {_rows} × {_columns}"
            );
        var words = Tokens.From(language, "language features");
        var (batch, pictures) = (words.shape[0], seen.shape[0]);
        seen = token_mlp.call(vision_input.call(seen));

        // What is wanted: the sentence in a few tokens, and the robot's own state.
        var wanted = read.call(
            language_queries.weight!.unsqueeze(0).expand(batch, -1, -1),
            words,
            Tokens.AttentionMask(Tokens.Present(words))
        );
        if (state_mlp is not null)
            wanted = cat([wanted, state_mlp.call(state).unsqueeze(1)], 1);

        // Where it is: each slot's query against every cell.
        var query = slot_queries.call(wanted.flatten(1)).reshape(pictures, -1, _dim);
        using Scalar root = Math.Sqrt(_dim);
        // [pictures, slots of all its instructions, cells]
        var scores = query.bmm(key.call(seen).transpose(1, 2)) / root;
        var map = scores.softmax(-1);
        var place = functional.linear(map, _places.On(map.device).t());
        var slots = map.bmm(value.call(seen)) + place_mlp.call(place);

        // Slots, words and state together, with another look at the picture.
        var tokens = cat([slots.reshape(batch, _slots, _dim), wanted], 1);
        tokens = feed_forward1.call(mix1.call(tokens, null, null));
        tokens = look.call(tokens, seen, null);
        tokens = feed_forward2.call(mix2.call(tokens, null, null));
        return new SlotFusion(
            norm.call(tokens).MoveToOuterDisposeScope(),
            scores.reshape(batch, _slots, -1).MoveToOuterDisposeScope()
        );
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _places.Dispose();
        base.Dispose(disposing);
    }

    private static Sequential Mlp(long inputs, long hidden, long outputs) =>
        Sequential(("0", Linear(inputs, hidden)), ("1", GELU()), ("2", Linear(hidden, outputs)));

    // Centres of the cells as (column, row), each from −1 to 1: [rows × columns, 2].
    private static Tensor Places(long rows, long columns)
    {
        var row = Centres(rows).unsqueeze(1).expand(rows, columns);
        var column = Centres(columns).unsqueeze(0).expand(rows, columns);
        return stack([column, row], 2).flatten(0, 1);

        static Tensor Centres(long count)
        {
            using Scalar end = count,
                width = 2.0 / count;
            return (arange(end, dtype: float32) + Scalars.Half) * width - Scalars.One;
        }
    }
}
