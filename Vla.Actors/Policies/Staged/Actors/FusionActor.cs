using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Actors;

/// <summary>
/// Joins what is seen with what is wanted: <see cref="VisionEncoded"/> and <see cref="LanguageEncoded"/> in,
/// <see cref="FeaturesFused"/> out.
/// </summary>
/// <remarks>
/// Keeps the language features of the instruction in force and uses them for every picture; without an instruction it
/// asks for no pictures at all.
/// </remarks>
public sealed class FusionActor(
    StageSetup setup,
    Func<Module<Tensor, Tensor, Tensor>> createFusion,
    IActorRef vision,
    IActorRef language,
    StateInput? state
) : StageActor<VisionEncoded>(setup, vision)
{
    private readonly InstructionDemand _words = new(language, setup.Time);
    private Module<Tensor, Tensor, Tensor>? _fusion;
    private LanguageEncoded? _language;
    private WordsInForce? _inForce;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="createFusion">Makes the module; called after every start, on the stage's thread.</param>
    /// <param name="vision">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="language">Upstream: is told <see cref="InstructionWanted"/>.</param>
    /// <param name="state">The robot's state, for a <see cref="StateFusion"/>; null when there is none.</param>
    public static Props Props(
        StageSetup setup,
        Func<Module<Tensor, Tensor, Tensor>> createFusion,
        IActorRef vision,
        IActorRef language,
        StateInput? state = null
    ) => Akka.Actor.Props.Create(() => new FusionActor(setup, createFusion, vision, language, state));

    /// <inheritdoc/>
    protected override bool CanWork => _language is not null;

    /// <inheritdoc/>
    protected override void Load() => _fusion = createFusion();

    /// <inheritdoc/>
    protected override void Handle(object message)
    {
        switch (message)
        {
            case LanguageEncoded encoded:
                _language?.Dispose();
                _language = encoded;
                _inForce = WordsInForce.Of(encoded.Instruction) with { Steps = encoded.Steps };
                _words.After(encoded.Instruction);
                GoOn();
                break;

            // Said again and again, so that a language encoder that was restarted knows whom to answer.
            case Ready:
                _words.Again();
                base.Handle(message);
                break;

            default:
                base.Handle(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override object Process(VisionEncoded input, long startedNs)
    {
        var fused = _fusion!.Fuse(input.Features, _language!.Features, state?.Of(input.State)).DetachFromDisposeScope();
        var finishedNs = Setup.Time.NowNs();
        Setup.Monitor.Features.Offer(fused, finishedNs);
        return new FeaturesFused(fused, input.Origin.With(_inForce!).With(StagedSteps.Fuse, startedNs, finishedNs));
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        base.Release();
        _language?.Dispose();
        _language = null;
        _fusion?.Dispose();
    }
}
