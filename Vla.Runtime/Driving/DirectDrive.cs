using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Robots;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Driving;

/// <summary>
/// A robot behind the control loop without a policy: whoever has actions offers them, the limits are in force.
/// </summary>
internal sealed class DirectDrive : IDisposable
{
    /// <summary>Ticks a second of the control loop: what is offered waits for the next one.</summary>
    private const double RateHz = 200;

    private readonly RobotConnection _robot;
    private readonly RobotStateReader? _state;

    /// <param name="made">The robot and its profile.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Told to end while it is connected.</param>
    /// <exception cref="RobotException">It cannot be connected.</exception>
    /// <exception cref="RobotProfileException">There is a profile alone, or it does not fit.</exception>
    public DirectDrive(RobotMade made, TimeProvider time, CancellationToken cancellation)
    {
        Profile = made.Profile;
        var robot =
            made.Robot
            ?? throw new RobotProfileException(
                $"robot profile '{made.Profile.Name}' is a profile alone: give a robot, such as so101:PORT"
            );
        made.Profile.RequireFits(robot);
        _robot = new RobotConnection(robot, time);
        try
        {
            _robot.Connect(cancellation);
            _state = RobotStates.ReaderOf(_robot, made.Profile, time, RateHz);
            _robot.State = _state;
            Control = new ControlLoop(
                made.Profile,
                // A person is at it, and a robot sets out slowly after a stop.
                new ControlOptions { RateHz = RateHz, ResumeAfterStop = ResumeAfterStop.Automatic },
                [_robot],
                new ControlClock(),
                state: _state,
                robot: _robot
            );
        }
        catch
        {
            _robot.Dispose();
            _robot.WaitAtRest(RobotSide.LongestRest);
            throw;
        }
    }

    public ControlLoop Control { get; }

    public RobotProfile Profile { get; }

    public IReadOnlyList<string> StateNames => _state?.StateNames ?? [];

    /// <summary>What is unusual about the robot, in words; null when nothing is.</summary>
    public string? Note => _robot.Note;

    /// <summary>Makes what <c>--robot</c> names.</summary>
    /// <param name="text">As given.</param>
    /// <param name="what">What is to be done with it, for messages.</param>
    /// <param name="time">The clock.</param>
    /// <param name="say">Where the robot says what nobody must miss.</param>
    public static RobotMade Make(string text, string what, TimeProvider time, Action<string> say) =>
        RobotRegistry
            .Parse(text, Environment.CurrentDirectory)
            .Make(new RobotContext(() => NoTabletop(what), time, say));

    /// <summary>Begins to publish.</summary>
    public void Start()
    {
        _state?.Start();
        Control.Start();
    }

    /// <summary>Offers the action that is wanted now.</summary>
    /// <param name="values">In the order of the profile.</param>
    /// <param name="atNs">When it was felt, monotonic nanoseconds.</param>
    public void Offer(float[] values, long atNs) =>
        Control.Offer(
            new ActionChunk(values, Horizon: 1, StepNs: 0, new Origin { CapturedNs = atNs, Words = WordsInForce.None })
        );

    /// <summary>Where the robot is; null when that is not known.</summary>
    public IReadOnlyList<float>? State() => _state?.Newest?.Values;

    /// <summary>Stops the robot, and brings it to rest.</summary>
    /// <param name="reason">The last message's.</param>
    /// <returns>False when it is not at rest yet.</returns>
    public bool End(string reason)
    {
        Control.Shutdown(reason);
        return _robot.WaitAtRest(RobotSide.LongestRest);
    }

    public void Dispose()
    {
        End("the drive was closed");
        Control.Dispose();
        _robot.Dispose();
    }

    private static SimulatedTabletop NoTabletop(string what) =>
        throw new UsageException(
            $"the simulated tabletop's arm is moved by small steps and cannot {what}: give so101:PORT"
        );
}
