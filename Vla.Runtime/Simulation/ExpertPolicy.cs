using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Sensors;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static TorchSharp.torch;

namespace Vla.Runtime.Simulation;

/// <summary>The scripted expert in a policy's place: <c>--policy expert</c>, for the simulated tabletop only.</summary>
/// <remarks>
/// It does not look and does not listen: it knows the state of the world and the task. All the rest of the controller
/// is the same, so it shows what that makes of the best there is to be had.
/// </remarks>
/// <param name="tabletop">Where it acts; asked when the first action is wanted.</param>
internal sealed class ExpertPolicy(Func<SimulatedTabletop> tabletop) : IPolicy
{
    public const string Name = "expert";

    private const string PlanStep = "plan";
    private const int Horizon = 10;

    /// <summary>Pictures are prepared for nobody: the fewer pixels the better.</summary>
    private const int PictureSize = 16;

    private const double StepMs = WorldAction.StepSeconds * 1_000;

    public string Directory => Name;

    public PolicyInfo Info { get; } =
        new()
        {
            Name = Name,
            Description = "A script that knows the state of the simulated world.",
            Trained = null,
            Note = "",
            StageTypes = new Dictionary<string, string>(),
        };

    public string? Untrained => null;

    public ImageSpec Image { get; } = new(PictureSize, PictureSize, [0, 0, 0], [1, 1, 1]);

    public IReadOnlyList<string>? Pictures => null;

    public StateSpec State => StateSpec.None;

    public ActionSpec Action { get; } =
        new(
            WorldAction.Names,
            WorldAction.Units,
            new float[WorldAction.Dimensions],
            [.. Enumerable.Repeat(1f, WorldAction.Dimensions)],
            Horizon,
            StepMs
        );

    public IReadOnlyList<PolicyStep> Steps { get; } = [new(PlanStep, "expert")];

    public PrecisionInForce PrecisionOn(Device device) => PrecisionInForce.On(device, Precision.Float32);

    public InstructionWords? ReadWords(string instruction) => null;

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
        parent.ActorOf(
            host.Scheduling.Place(
                Props.Create(() => new Actor(host.Setup(PlanStep, 1), host.Observations, host.Instructions, tabletop))
            ),
            Name
        );

    /// <summary>Anything → what to do next; to stay while there is no task.</summary>
    private sealed class Actor(
        StageSetup setup,
        IActorRef observations,
        IActorRef instructions,
        Func<SimulatedTabletop> tabletop
    ) : WholePolicyActor(setup, PlanStep, observations, instructions, (long)(StepMs * MonotonicTime.NsPerMs))
    {
        private readonly WorldAction[] _chunk = new WorldAction[ExpertPolicy.Horizon];
        private Tabletop? _seen;
        private Tabletop? _scratch;

        protected override int Horizon => ExpertPolicy.Horizon;

        protected override void Load() { }

        protected override float[] Act(Observation observation, Instruction instruction)
        {
            var world = tabletop();
            var task = world.Episodes.TaskUnderWay;
            _seen = world.World.Observe(_seen);
            if (_scratch?.Look != _seen.Look)
                _scratch = _seen.Clone();
            // A table that is laid anew between the two lines above may lack what the task was about.
            if (task is { } known && known.Block < _seen.Blocks.Length && known.Tray < _seen.Trays.Count)
                Expert.Plan(_seen, known, _scratch, _chunk);
            else
                Array.Fill(_chunk, WorldAction.Rest((float)(_seen.Gripper.Jaw / Gripper.JawOpen)));

            var values = new float[Horizon * WorldAction.Dimensions];
            for (var i = 0; i < Horizon; i++)
                _chunk[i].CopyTo(values.AsSpan(i * WorldAction.Dimensions));
            return values;
        }
    }
}
