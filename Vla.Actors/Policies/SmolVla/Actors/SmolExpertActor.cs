using Akka.Actor;
using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Actors;

/// <summary>
/// Makes a chunk of actions of what was seen, said and felt: <see cref="PrefixRead"/> in, <see cref="ActionDecoded"/>
/// out.
/// </summary>
internal sealed class SmolExpertActor(
    StageSetup setup,
    SmolVlaPolicy policy,
    Device device,
    IActorRef language,
    ChunkProgress? progress
) : StageActor<PrefixRead>(setup, language)
{
    private readonly ChunkNoise _noise = new(policy.Seed);
    private readonly ChunkContinuation? _continuation =
        policy.Chunking.IsEnabled && progress is not null
            ? new ChunkContinuation(policy.Action, policy.Specs.Relative, policy.Chunking, progress)
            : null;
    private SmolVlaCheckpoint? _checkpoint;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="policy">Whose expert it is.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="language">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="progress">What became of its chunks; null where nobody says.</param>
    public static Props Props(
        StageSetup setup,
        SmolVlaPolicy policy,
        Device device,
        IActorRef language,
        ChunkProgress? progress
    ) => Akka.Actor.Props.Create(() => new SmolExpertActor(setup, policy, device, language, progress));

    protected override void Load()
    {
        _checkpoint = SmolVlaCheckpoint.Open(policy.Directory, device);
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        _checkpoint.WarmUpExpert(_continuation is not null);
    }

    protected override object Process(PrefixRead input, long startedNs)
    {
        var config = policy.Config;
        var noise = _noise
            .Next(
                input.Origin.Instruction ?? "",
                input.Origin.InstructionNumber,
                1,
                config.ChunkSize,
                config.ActionSize
            )
            .to(device);
        var guide = _continuation?.Of(input.Origin, input.State);
        return new ActionDecoded(
            new ActionChunk(
                policy.Specs.ForRobot(_checkpoint!.Plan(input.Prefix, noise, guide), input.State),
                policy.Action.Horizon,
                policy.Action.StepNs,
                input.Origin.With(SmolSteps.Plan, startedNs, Setup.Time.NowNs())
            )
        );
    }

    protected override void Release()
    {
        base.Release();
        _checkpoint?.Dispose();
    }
}
