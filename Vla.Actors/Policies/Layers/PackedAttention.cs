using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// Attention whose query, key and value weights lie in one matrix, as PyTorch's <c>MultiheadAttention</c> keeps them.
/// </summary>
internal sealed class PackedAttention : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly Parameter in_proj_weight;
    private readonly Parameter in_proj_bias;
    private readonly Linear out_proj;
    private readonly long _dim;
    private readonly long _heads;

    /// <param name="dim">Size of a token, a multiple of <paramref name="heads"/>.</param>
    /// <param name="heads">Heads.</param>
    public PackedAttention(long dim, long heads)
        : base(nameof(PackedAttention))
    {
        (_dim, _heads) = (dim, heads);
        in_proj_weight = InitialWeights.Normal(3 * dim, dim);
        in_proj_bias = new Parameter(zeros(3 * dim));
        out_proj = Linear(dim, dim);
        RegisterComponents();
    }

    /// <param name="query">[batch, n, dim].</param>
    /// <param name="key">[batch, m, dim].</param>
    /// <param name="value">[batch, m, dim].</param>
    /// <returns>[batch, n, dim].</returns>
    public override Tensor forward(Tensor query, Tensor key, Tensor value) => Attend(query, key, value, null, 0);

    /// <summary>The same with a mask, and in training with some of the weights dropped.</summary>
    /// <param name="query">[batch, n, dim].</param>
    /// <param name="key">[batch, m, dim].</param>
    /// <param name="value">[batch, m, dim].</param>
    /// <param name="mask">Added to the scores; broadcast to [batch, heads, n, m]; null for none.</param>
    /// <param name="dropout">Share of the weights that is dropped; 0 outside training.</param>
    /// <returns>[batch, n, dim].</returns>
    public Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? mask, double dropout)
    {
        using var scope = NewDisposeScope();
        var mixed = Attention.Attend(Project(query, 0), Project(key, 1), Project(value, 2), _heads, mask, dropout);
        return out_proj.call(mixed).MoveToOuterDisposeScope();
    }

    private Tensor Project(Tensor tokens, long part) =>
        functional.linear(
            tokens,
            in_proj_weight.narrow(0, part * _dim, _dim),
            in_proj_bias.narrow(0, part * _dim, _dim)
        );
}
