using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Actors;

/// <summary>
/// Turns fused features into actions in physical units: <see cref="FeaturesFused"/> in, <see cref="ActionDecoded"/>
/// out.
/// </summary>
public sealed class ActionDecoderActor(
    StageSetup setup,
    Func<Module<Tensor, Tensor>> createDecoder,
    ActionSpec action,
    IActorRef fusion
) : StageActor<FeaturesFused>(setup, fusion)
{
    private Module<Tensor, Tensor>? _decoder;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="createDecoder">Makes the module; called after every start, on the stage's thread.</param>
    /// <param name="action">What the module's numbers mean.</param>
    /// <param name="fusion">Upstream: is told <see cref="Ready"/>.</param>
    public static Props Props(
        StageSetup setup,
        Func<Module<Tensor, Tensor>> createDecoder,
        ActionSpec action,
        IActorRef fusion
    ) => Akka.Actor.Props.Create(() => new ActionDecoderActor(setup, createDecoder, action, fusion));

    /// <inheritdoc/>
    protected override void Load() => _decoder = createDecoder();

    /// <inheritdoc/>
    protected override object Process(FeaturesFused input, long startedNs)
    {
        // [1, dimensions] or [1, horizon, dimensions]. A wrong number of values is the publisher's to refuse.
        using var output = _decoder!.call(input.Features);
        var values = ChunkValues.Of(output);
        action.Unnormalise(values);
        return new ActionDecoded(
            new ActionChunk(
                values,
                action.Horizon,
                action.StepNs,
                input.Origin.With(StagedSteps.Decode, startedNs, Setup.Time.NowNs())
            )
        );
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        base.Release();
        _decoder?.Dispose();
    }
}
