using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Rt1.Modules;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Rt1.Actors;

/// <summary>
/// Decides on an action from the tokens of the last few pictures: <see cref="PicturesSeen"/> in,
/// <see cref="ActionDecoded"/> out.
/// </summary>
/// <remarks>
/// Another instruction is another episode, which begins with no picture; so does whatever comes after pictures that are
/// older than all that it looks back on.
/// </remarks>
internal sealed class Rt1DecideActor(StageSetup setup, Rt1Policy policy, Device device, IActorRef tokenizer)
    : StageActor<PicturesSeen>(setup, tokenizer)
{
    private readonly Rt1Window _window = new(policy.Config);
    private Rt1Checkpoint? _checkpoint;
    private long _instruction = -1;
    private long _newestNs;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="policy">Whose transformer it is.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="tokenizer">Upstream: is told <see cref="Ready"/>.</param>
    public static Props Props(StageSetup setup, Rt1Policy policy, Device device, IActorRef tokenizer) =>
        Akka.Actor.Props.Create(() => new Rt1DecideActor(setup, policy, device, tokenizer));

    protected override void Load()
    {
        _checkpoint = Rt1Checkpoint.Open(policy.Directory, device);
        _checkpoint.WarmUpTransformer();
    }

    protected override object Process(PicturesSeen input, long startedNs)
    {
        var origin = input.Origin;
        var passedNs = origin.CapturedNs - _newestNs;
        if (
            origin.InstructionNumber != _instruction
            || passedNs < 0
            || passedNs > policy.Config.Frames * policy.Action.StepNs
        )
            _window.Reset();
        (_instruction, _newestNs) = (origin.InstructionNumber, origin.CapturedNs);

        var (window, frame) = _window.Add(input.Maps[0]);
        var tokens = Rt1Decision.Tokens(_checkpoint!.Decide(window, frame));
        return new ActionDecoded(
            new ActionChunk(
                policy.Layout.Of(Rt1Decision.Values(policy.Config, tokens)),
                Horizon: 1,
                policy.Action.StepNs,
                origin.With(Rt1Steps.Decide, startedNs, Setup.Time.NowNs())
            )
        );
    }

    protected override void Release()
    {
        base.Release();
        _window.Dispose();
        _checkpoint?.Dispose();
    }
}
