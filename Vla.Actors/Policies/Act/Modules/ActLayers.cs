using TorchSharp.Modules;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>
/// A layer of ACT's encoder: self-attention and a feed-forward part, each with its norm after (or before) its sum.
/// </summary>
internal sealed class ActEncoderLayer : Module<Tensor, Tensor, Tensor>
{
    private readonly PackedAttention self_attn;
    private readonly Linear linear1;
    private readonly Linear linear2;
    private readonly LayerNorm norm1;
    private readonly LayerNorm norm2;
    private readonly ActConfig _config;

    public ActEncoderLayer(ActConfig config)
        : base(nameof(ActEncoderLayer))
    {
        _config = config;
        self_attn = new PackedAttention(config.Dim, config.Heads);
        linear1 = Linear(config.Dim, config.FeedForwardDim);
        linear2 = Linear(config.FeedForwardDim, config.Dim);
        norm1 = LayerNorm(config.Dim);
        norm2 = LayerNorm(config.Dim);
        RegisterComponents();
    }

    /// <param name="tokens">[batch, n, dim].</param>
    /// <param name="positions">[1, n, dim], added to queries and keys.</param>
    public override Tensor forward(Tensor tokens, Tensor positions) => Run(tokens, positions, null);

    /// <summary>The same with a mask.</summary>
    /// <param name="tokens">[batch, n, dim].</param>
    /// <param name="positions">[1, n, dim], added to queries and keys.</param>
    /// <param name="mask">Added to the scores; broadcast to [batch, heads, n, n]; null for none.</param>
    public Tensor Run(Tensor tokens, Tensor positions, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var pre = _config.PreNorm;
        var given = pre ? norm1.call(tokens) : tokens;
        var placed = given + positions;
        var x = tokens + Drop(self_attn.Attend(placed, placed, given, mask, DropoutNow));
        if (!pre)
            x = norm1.call(x);
        x = x + Drop(linear2.call(Drop(_config.Activate(linear1.call(pre ? norm2.call(x) : x)))));
        return (pre ? x : norm2.call(x)).MoveToOuterDisposeScope();
    }

    private double DropoutNow => training ? _config.Dropout : 0;

    private Tensor Drop(Tensor x) => training ? functional.dropout(x, _config.Dropout, training: true) : x;
}

/// <summary>A layer of ACT's decoder: the actions attend to themselves, then to what the encoder gives.</summary>
internal sealed class ActDecoderLayer : Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    private readonly PackedAttention self_attn;
    private readonly PackedAttention multihead_attn;
    private readonly Linear linear1;
    private readonly Linear linear2;
    private readonly LayerNorm norm1;
    private readonly LayerNorm norm2;
    private readonly LayerNorm norm3;
    private readonly ActConfig _config;

    public ActDecoderLayer(ActConfig config)
        : base(nameof(ActDecoderLayer))
    {
        _config = config;
        self_attn = new PackedAttention(config.Dim, config.Heads);
        multihead_attn = new PackedAttention(config.Dim, config.Heads);
        linear1 = Linear(config.Dim, config.FeedForwardDim);
        linear2 = Linear(config.FeedForwardDim, config.Dim);
        norm1 = LayerNorm(config.Dim);
        norm2 = LayerNorm(config.Dim);
        norm3 = LayerNorm(config.Dim);
        RegisterComponents();
    }

    /// <param name="tokens">[batch, chunk, dim].</param>
    /// <param name="positions">[1, chunk, dim], added to queries and to the actions' own keys.</param>
    /// <param name="memory">The encoder's tokens, [batch, n, dim].</param>
    /// <param name="memoryKeys">These with their positions added, [batch, n, dim].</param>
    public override Tensor forward(Tensor tokens, Tensor positions, Tensor memory, Tensor memoryKeys)
    {
        using var scope = NewDisposeScope();
        var pre = _config.PreNorm;
        var given = pre ? norm1.call(tokens) : tokens;
        var placed = given + positions;
        var x = tokens + Drop(self_attn.Attend(placed, placed, given, null, DropoutNow));
        if (!pre)
            x = norm1.call(x);
        x =
            x
            + Drop(multihead_attn.Attend((pre ? norm2.call(x) : x) + positions, memoryKeys, memory, null, DropoutNow));
        if (!pre)
            x = norm2.call(x);
        x = x + Drop(linear2.call(Drop(_config.Activate(linear1.call(pre ? norm3.call(x) : x)))));
        return (pre ? x : norm3.call(x)).MoveToOuterDisposeScope();
    }

    private double DropoutNow => training ? _config.Dropout : 0;

    private Tensor Drop(Tensor x) => training ? functional.dropout(x, _config.Dropout, training: true) : x;
}

/// <summary>What the layers share.</summary>
internal static class ActActivation
{
    public static Tensor Activate(this ActConfig config, Tensor x) =>
        config.Activation == "gelu" ? functional.gelu(x) : functional.relu(x);
}
