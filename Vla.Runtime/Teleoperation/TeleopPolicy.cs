using Akka.Actor;
using Vla.Actors.Policies;
using Vla.Sensors.Images;

namespace Vla.Runtime.Teleoperation;

/// <summary>Whatever leads in a policy's place, so that all the rest of the controller is the same.</summary>
/// <param name="name">Of what leads.</param>
/// <param name="naming">What the robot calls its numbers; null before that is known.</param>
internal sealed class TeleopPolicy(string name, RobotNaming? naming = null) : IPolicy
{
    private const string Step = "lead";

    /// <summary>Pictures are prepared for nobody: the fewer pixels the better.</summary>
    private const int PictureSize = 16;

    private readonly IReadOnlyList<string> _names = naming?.ActionNames ?? [];

    /// <summary>What leads, once it is known.</summary>
    public TeleopFeed? Feed { get; set; }

    public string Directory => name;

    public bool IsByHand => true;

    public PolicyInfo Info { get; } =
        new()
        {
            Name = name,
            Description = "Somebody leads the robot.",
            Trained = null,
            Note = "",
            StageTypes = new Dictionary<string, string>(),
        };

    public ImageSpec Image { get; } = new(PictureSize, PictureSize, [0, 0, 0], [1, 1, 1]);

    public ActionSpec Action =>
        new(
            _names,
            naming?.ActionUnits ?? [],
            new float[_names.Count],
            [.. Enumerable.Repeat(1f, _names.Count)],
            Horizon: 1,
            StepMs: 1_000.0 / 60
        );

    public IReadOnlyList<PolicyStep> Steps { get; } = [new(Step, "leader")];

    public IPolicy Driving(RobotNaming robot) => new TeleopPolicy(name, robot) { Feed = Feed };

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
        parent.ActorOf(
            host.Scheduling.Place(
                Props.Create(() => new TeleopActor(Feed!, null, host.Instructions, host.Monitors[Step], host.Time))
            ),
            "leader"
        );
}
