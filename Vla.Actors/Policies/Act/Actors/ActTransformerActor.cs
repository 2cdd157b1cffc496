using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Act.Actors;

/// <summary>
/// Makes a chunk of actions from what was seen and the robot's state: <see cref="PicturesSeen"/> in,
/// <see cref="ActionDecoded"/> out.
/// </summary>
internal sealed class ActTransformerActor(StageSetup setup, ActPolicy policy, Device device, IActorRef vision)
    : StageActor<PicturesSeen>(setup, vision)
{
    private readonly StateInput? _state = policy.State.Dimensions > 0 ? new StateInput(policy.State, device) : null;
    private ActModel? _model;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="policy">Whose transformer it is.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="vision">Upstream: is told <see cref="Ready"/>.</param>
    public static Props Props(StageSetup setup, ActPolicy policy, Device device, IActorRef vision) =>
        Akka.Actor.Props.Create(() => new ActTransformerActor(setup, policy, device, vision));

    protected override void Load()
    {
        _model = ActModel.LoadTransformer(policy.Directory, policy.Config, device);
        _model.WarmUp(policy.Pictures?.Select(policy.ImageOf) ?? [], device);
    }

    protected override object Process(PicturesSeen input, long startedNs)
    {
        var numbers = _state?.Of(input.State);
        var own = policy.Config.StateSize;
        var around = policy.Config.EnvironmentSize;
        var tokens = _model!.Tokens(
            input.Maps,
            own > 0 ? numbers!.narrow(1, 0, own) : null,
            around > 0 ? numbers!.narrow(1, own, around) : null
        );
        return new ActionDecoded(
            new ActionChunk(
                policy.Specs.ForRobot(_model.Decode(tokens, null), input.State),
                policy.Action.Horizon,
                policy.Action.StepNs,
                input.Origin.With(ActSteps.Plan, startedNs, Setup.Time.NowNs())
            )
        );
    }

    protected override void Release()
    {
        base.Release();
        _model?.Dispose();
    }
}
