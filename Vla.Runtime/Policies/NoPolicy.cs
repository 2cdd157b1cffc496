using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Sensors.Images;

namespace Vla.Runtime.Policies;

/// <summary>Nothing decides, and nothing moves: <c>--policy none</c>, to look at pictures and state alone.</summary>
/// <param name="naming">What the robot calls its numbers; null before that is known.</param>
internal sealed class NoPolicy(RobotNaming? naming = null) : IPolicy
{
    /// <summary>How it is given.</summary>
    public const string Word = "none";

    private const string Step = "look";

    /// <summary>Pictures are prepared for nobody: the fewer pixels the better.</summary>
    private const int PictureSize = 16;

    private readonly IReadOnlyList<string> _names = naming?.ActionNames ?? [];

    public PolicyInfo Info { get; } =
        new()
        {
            Name = Word,
            Description = "Nothing decides: the robot holds still.",
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
            StepMs: 100
        );

    public IReadOnlyList<PolicyStep> Steps { get; } = [new(Step, "nobody")];

    public bool TakesWords => false;

    public IPolicy Driving(RobotNaming robot) => new NoPolicy(robot);

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
        parent.ActorOf(Props.Create(() => new Nobody(host.Monitors[Step])), "nobody");

    private sealed class Nobody(StageMonitor monitor) : UntypedActor
    {
        protected override void PreStart() => monitor.Running();

        protected override void OnReceive(object message)
        {
            if (message is not Ready)
                Unhandled(message);
        }
    }
}
