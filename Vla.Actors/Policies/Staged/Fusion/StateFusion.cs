using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Fusion;

/// <summary>A fusion stage with robot state as a further input.</summary>
/// <remarks>
/// To whoever knows nothing of state it is a fusion like any other: the state is then zero, the average one.
/// </remarks>
public abstract class StateFusion : Module<Tensor, Tensor, Tensor>
{
    /// <param name="name">As for any module.</param>
    /// <param name="stateDim">Numbers of robot state; 0 for none.</param>
    protected StateFusion(string name, long stateDim)
        : base(name) => StateDim = stateDim;

    /// <summary>Numbers of robot state that it takes; 0 for none.</summary>
    public long StateDim { get; }

    /// <param name="vision">Vision features: tokens [batch, count, dim] or [batch, dim].</param>
    /// <param name="language">Language features: tokens or [batch, dim].</param>
    /// <param name="state">Normalised robot state [batch, StateDim].</param>
    /// <returns>Fused features: tokens or [batch, dim].</returns>
    public abstract Tensor forward(Tensor vision, Tensor language, Tensor state);

    /// <inheritdoc/>
    public override Tensor forward(Tensor vision, Tensor language)
    {
        using var state = zeros(language.shape[0], StateDim, device: language.device);
        return forward(vision, language, state);
    }
}

/// <summary>Calls a fusion stage of either kind.</summary>
internal static class FusionCall
{
    /// <param name="fusion">Any fusion; one that takes no state is given none.</param>
    /// <param name="vision">Vision features.</param>
    /// <param name="language">Language features.</param>
    /// <param name="state">Normalised robot state [batch, dimensions]; null when it is not known.</param>
    public static Tensor Fuse(
        this Module<Tensor, Tensor, Tensor> fusion,
        Tensor vision,
        Tensor language,
        Tensor? state
    ) =>
        fusion is StateFusion { StateDim: > 0 } takesState && state is not null
            ? takesState.forward(vision, language, state)
            : fusion.call(vision, language);
}
