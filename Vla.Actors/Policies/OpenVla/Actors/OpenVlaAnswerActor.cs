using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.OpenVla.Modules;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.OpenVla.Actors;

/// <summary>
/// Asks the language model what to do about a picture: <see cref="PicturesSeen"/> in, <see cref="ActionDecoded"/> out.
/// </summary>
/// <remarks>The question's token ids are kept while the words stay the same.</remarks>
internal sealed class OpenVlaAnswerActor(
    StageSetup setup,
    OpenVlaPolicy policy,
    Device device,
    IActorRef vision,
    IActorRef instructions
) : InstructedActor<PicturesSeen>(setup, vision, instructions)
{
    private OpenVlaCheckpoint? _checkpoint;
    private (string Words, IReadOnlyList<long> Ids)? _question;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="policy">Whose language model it is.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="vision">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="instructions">Is told <see cref="InstructionWanted"/>.</param>
    public static Props Props(
        StageSetup setup,
        OpenVlaPolicy policy,
        Device device,
        IActorRef vision,
        IActorRef instructions
    ) => Akka.Actor.Props.Create(() => new OpenVlaAnswerActor(setup, policy, device, vision, instructions));

    protected override void Load()
    {
        _checkpoint = OpenVlaCheckpoint.Open(policy.Directory, device, policy.Precision);
        _checkpoint.WarmUpLanguage();
    }

    protected override object Process(PicturesSeen input, long startedNs)
    {
        var instruction = Instruction!;
        if (_question is not { } known || known.Words != instruction.Text)
            _question = known = (instruction.Text, policy.Ask(instruction.Text));
        var tokens = _checkpoint!.Answer(input.Maps[0], known.Ids, policy.Action.Dimensions);
        return new ActionDecoded(
            new ActionChunk(
                policy.Act(tokens),
                Horizon: 1,
                policy.Action.StepNs,
                InWords(input.Origin).With(OpenVlaSteps.Answer, startedNs, Setup.Time.NowNs())
            )
        );
    }

    protected override void Release()
    {
        base.Release();
        _checkpoint?.Dispose();
    }
}
