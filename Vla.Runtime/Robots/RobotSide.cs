using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Outputs;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Robots;

/// <summary>Everything that takes a run's actions, and what tells of it where the robot is.</summary>
/// <remarks>
/// One robot at most: the one that <c>--robot</c> names, or one among the outputs. The simulated arm is a second one
/// where its camera drives a robot too: then state and pictures come from the simulation, and the control loop starts
/// where the other is.
/// </remarks>
internal sealed class RobotSide : IDisposable
{
    /// <summary>How long a robot may take to come to rest at the end.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(15);

    private readonly IReadOnlyList<RobotConnection> _connections;

    private RobotSide(
        IReadOnlyList<IActionOutput> outputs,
        RobotConnection? moved,
        RobotConnection? sensed,
        StateSpec wanted
    )
    {
        (Outputs, Moved, Sensed) = (outputs, moved, sensed);
        _connections = [.. outputs.OfType<RobotConnection>()];
        PolicyState = wanted.Dimensions > 0 && sensed?.State is { } state ? RobotStates.Select(state, wanted) : null;
        PolicyTakesState = PolicyState is not null && moved == sensed;
    }

    /// <summary>All that is told the actions; robots with their connections.</summary>
    public IReadOnlyList<IActionOutput> Outputs { get; }

    /// <summary>Whose place the control loop starts from, and whose loss holds it; null without a robot.</summary>
    public RobotConnection? Moved { get; }

    /// <summary>Whose state policy and recording get; null without a robot.</summary>
    public RobotConnection? Sensed { get; }

    /// <summary>What the policy wants of it; null when it wants or gets none.</summary>
    public IRobotState? PolicyState { get; }

    /// <summary>Whether nobody may move while the state is not known.</summary>
    public bool PolicyTakesState { get; }

    /// <summary>Puts it together; nothing is connected yet.</summary>
    /// <param name="made">The robot and its profile.</param>
    /// <param name="outputs">What else is told the actions.</param>
    /// <param name="context">What they are opened with; a tabletop in it is told the actions in any case.</param>
    /// <param name="filmsTabletop">Whether the pictures are of the tabletop.</param>
    /// <param name="wanted">What the policy wants of the state.</param>
    /// <param name="rateHz">The control loop's.</param>
    /// <exception cref="RobotProfileException">A robot does not fit the profile or the policy, or there are
    /// several.</exception>
    /// <exception cref="UsageException">An output cannot be opened.</exception>
    public static RobotSide Assemble(
        RobotMade made,
        IEnumerable<OutputSpec> outputs,
        OutputContext context,
        bool filmsTabletop,
        StateSpec wanted,
        double rateHz
    )
    {
        var tabletop = context.Tabletop;
        var arm = tabletop is null ? null : made.Robot as WorldRobot ?? tabletop.Robot();
        var all = new List<IActionOutput>();
        if (arm is not null)
            all.Add(arm);
        if (made.Robot is { } named && named != arm)
            all.Add(named);
        all.AddRange(
            outputs
                .Where(output => tabletop is null || output is not OutputSpec.World)
                .Select(output => output.Open(context))
        );

        var others = all.OfType<IRobot>().Where(robot => robot != arm).ToList();
        if (others.Count > 1)
        {
            throw new RobotProfileException(
                $"there are several robots ({string.Join(", ", others.Select(robot => robot.Name))}): give one; what "
                    + "only takes actions is an output"
            );
        }

        List<IActionOutput> connected =
        [
            .. all.Select(output => output is IRobot robot ? Connection(robot, made.Profile, context.Time) : output),
        ];
        var simulated = Of(arm);
        var real = Of(others.FirstOrDefault());
        var sensed = filmsTabletop ? simulated : Of(made.Robot) ?? real;
        var moved = real ?? simulated;
        foreach (var robot in new[] { moved, sensed }.OfType<RobotConnection>().Distinct())
            robot.State = RobotStates.ReaderOf(robot, made.Profile, context.Time, rateHz);
        return new RobotSide(connected, moved, sensed, wanted);

        RobotConnection? Of(IRobot? robot) => robot is null ? null : (RobotConnection)connected[all.IndexOf(robot)];
    }

    /// <summary>Connects every robot.</summary>
    /// <exception cref="RobotException">One cannot be connected.</exception>
    public void Connect(CancellationToken cancellation)
    {
        foreach (var robot in _connections)
            robot.Connect(cancellation);
    }

    /// <summary>Begins to read states.</summary>
    public void Start()
    {
        foreach (var robot in _connections)
            robot.State?.Start();
    }

    /// <summary>Waits until every robot that was disconnected is where it can stay.</summary>
    /// <param name="bound">How long at most, for each.</param>
    /// <returns>Those that are not, by name.</returns>
    public IReadOnlyList<string> WaitAtRest(TimeSpan bound) =>
        [.. _connections.Where(robot => !robot.WaitAtRest(bound)).Select(robot => robot.Name)];

    /// <summary>
    /// Disconnects every robot, where the control loop has not done so, and waits until they are at rest.
    /// </summary>
    public void Dispose()
    {
        foreach (var robot in _connections)
            robot.Dispose();
        WaitAtRest(LongestRest);
    }

    private static RobotConnection Connection(IRobot robot, RobotProfile profile, TimeProvider time)
    {
        profile.RequireFits(robot);
        return new RobotConnection(robot, time);
    }
}
