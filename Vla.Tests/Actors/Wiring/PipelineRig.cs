using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Wiring;

/// <summary>
/// The real stage actors around stand-in modules: a source of frames that never runs dry in front, the spec itself as
/// the publisher behind.
/// </summary>
internal sealed class PipelineRig
{
    public PipelineRig(IActorRefFactory system, Props camera)
    {
        Instructions = new(TimeProvider.System);
        Camera = system.ActorOf(camera, "camera");
        system.ActorOf(LostMessageActor.Props(), "lost-messages");
        Vision = Start("vision", VisionEncoderActor.Props(Setup(Monitors.Vision), StandIns.MeanEncoder, CPU, Camera));
        Instruction = Start("instruction", Vla.Actors.Instructions.InstructionActor.Props(Instructions, new Vla.Actors.Instructions.InstructionCheck(), NullLogger.Instance));
        Language = Start("language", LanguageEncoderActor.Props(
            Setup(Monitors.Language), StandIns.FirstToken, text => tensor(new[] { (long)text.Length }).reshape(1, 1), CPU, Instruction));
        Fusion = Start("fusion", FusionActor.Props(Setup(Monitors.Fusion), StandIns.Sum, Vision, Language));
        Decoder = Start("decoder", ActionDecoderActor.Props(Setup(Monitors.Decoder), () => StandIns.Times(1), Action, Fusion));

        IActorRef Start(string name, Props props) => system.ActorOf(props.WithDispatcher(PipelineConfig.PinnedDispatcher), name);
        StageSetup Setup(StageMonitor monitor) => new(monitor, TimeProvider.System, 1, NullLogger.Instance);
    }

    public static ActionSpec Action { get; } = new(["x", "gripper"], ["m", "1"], [0f, 0f], [1f, 1f], 1, 20);

    public PipelineMonitors Monitors { get; } = new(TimeProvider.System);

    public Vla.Actors.Instructions.InstructionBoard Instructions { get; }

    public IActorRef Camera { get; }

    public IActorRef Vision { get; }

    public IActorRef Instruction { get; }

    public IActorRef Language { get; }

    public IActorRef Fusion { get; }

    public IActorRef Decoder { get; }

    /// <summary>Everything that can be killed, by the name a person would use.</summary>
    public IReadOnlyDictionary<string, IActorRef> Stages => new Dictionary<string, IActorRef>
    {
        ["camera"] = Camera,
        ["vision encoder"] = Vision,
        ["instruction"] = Instruction,
        ["language encoder"] = Language,
        ["fusion"] = Fusion,
        ["action decoder"] = Decoder,
    };
}
