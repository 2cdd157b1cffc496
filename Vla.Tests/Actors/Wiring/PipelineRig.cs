using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Scheduling;
using Vla.Actors.Wiring;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Wiring;

/// <summary>
/// A staged policy as production starts it, around stand-in modules: a source of frames that never runs dry in front,
/// the spec itself as the publisher behind.
/// </summary>
internal sealed class PipelineRig
{
    public PipelineRig(IActorRefFactory system, Props camera)
    {
        var scheduling = StageScheduling.Tuned();
        Instructions = new(TimeProvider.System);
        Camera = system.ActorOf(camera, "camera");
        system.ActorOf(LostMessageActor.Props(), "lost-messages");
        Instruction = system.ActorOf(
            scheduling.Place(InstructionActor.Props(Instructions, new InstructionCheck(), NullLogger.Instance)),
            "instruction"
        );
        var policy = StagedPolicy.InCode(
            "stand-ins",
            "",
            new ImageSpec(2, 2, [0, 0, 0], [1, 1, 1]),
            Action,
            new PolicyModules(StandIns.MeanEncoder, StandIns.FirstToken, StandIns.Sum, () => StandIns.Times(1)),
            tokenize: text => [text.Length]
        );
        Monitors = new(TimeProvider.System, policy.Steps);
        var parts = new PolicyParts
        {
            Policy = policy,
            Device = CPU,
            Monitors = Monitors,
            Threads = new StageThreads(1, 1, 1, 1),
            Scheduling = scheduling,
            Time = TimeProvider.System,
            Loggers = NullLoggerFactory.Instance,
        };
        Decoder = parts.Start(system, Camera, Instruction);
        Stages = new[]
        {
            "camera",
            "vision encoder",
            "instruction",
            "language encoder",
            "fusion",
            "action decoder",
        }.ToDictionary(name => name, name => system.ActorSelection($"/user/{name.Replace(' ', '-')}"));
    }

    public static ActionSpec Action { get; } = new(["x", "gripper"], ["m", "1"], [0f, 0f], [1f, 1f], 1, 20);

    public PipelineMonitors Monitors { get; }

    public InstructionBoard Instructions { get; }

    public IActorRef Camera { get; }

    public IActorRef Instruction { get; }

    public IActorRef Decoder { get; }

    /// <summary>Everything that can be killed, by the name a person would use.</summary>
    public IReadOnlyDictionary<string, ActorSelection> Stages { get; }
}
