using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Runtime.Servos.Arms;

/// <summary>
/// A leader arm, which a person moves: tells where its joints are. Its torque stays off, but for a gripper that is a
/// trigger.
/// </summary>
/// <param name="kind">Which kind.</param>
/// <param name="port">Its serial port.</param>
/// <param name="scale">Which numbers its positions are: those of the arm that follows.</param>
/// <param name="openBus">Opens its bus.</param>
/// <param name="time">The clock.</param>
/// <param name="clock">Waits for the turns of its loop.</param>
internal sealed class ServoLeader(
    ArmKind kind,
    string port,
    ArmScale scale,
    Func<string, ServoBus> openBus,
    TimeProvider time,
    IControlClock? clock = null
)
{
    private const double LostSeconds = 0.3;
    private const int ConnectEachMs = 500;

    /// <summary>Where a trigger goes back to: half open, as with LeRobot.</summary>
    private const double TriggerOpen = 50;

    private readonly ArmTurns _turns = new(scale.Calibration, kind.Make);
    private readonly IControlClock _clock = clock ?? new ControlClock();
    private readonly int[] _positions = new int[ArmKind.Ids.Length];
    private readonly float[] _values = new float[ArmKind.Ids.Length];
    private volatile string? _lost;

    /// <summary>Told where its joints are, and when; on the leader's thread, must return at once.</summary>
    public required Action<long, float[]> Moved { get; init; }

    /// <summary>Why it tells nothing, in words; null while it does.</summary>
    public string? Lost => _lost;

    /// <summary>Looks whether it is there, and lets go of it.</summary>
    /// <exception cref="RobotException">It is not as it has to be.</exception>
    public ServoBus Connect()
    {
        var bus = openBus(port);
        try
        {
            ArmPreparation.Check(bus, kind);
            foreach (var id in ArmKind.Ids)
                bus.Set(id, kind.Make.TorqueEnable, 0);
            ArmPreparation.SetUp(bus, kind);
            for (var i = 0; i < _positions.Length; i++)
                _positions[i] = bus.Read(ArmKind.Ids[i], kind.Make.PresentPosition);
            _turns.Find(_positions);
            if (kind.HasTrigger)
                Arm(bus);
            _lost = null;
            return bus;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    }

    /// <summary>Tells until it is told to end; a leader that is lost is looked for again and again.</summary>
    /// <param name="bus">Connected.</param>
    /// <param name="hz">How often, a second.</param>
    /// <param name="cancellation">Ends it.</param>
    public void Run(ServoBus bus, double hz, CancellationToken cancellation)
    {
        var connected = bus;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                Tell(connected ??= Connect(), hz, cancellation);
            }
            catch (RobotException exception)
            {
                _lost = $"the leader is lost: {exception.Message}";
                connected?.Dispose();
                connected = null;
                cancellation.WaitHandle.WaitOne(ConnectEachMs);
            }
        }

        Release(connected);
        connected?.Dispose();
    }

    /// <summary>Gives the gripper the little torque that opens it.</summary>
    private void Arm(ServoBus bus)
    {
        var id = ArmKind.Ids[ArmKind.Gripper];
        var goal = scale[ArmKind.Gripper].ToPosition(TriggerOpen) + _turns.Steps[ArmKind.Gripper];
        bus.Set(id, kind.Make.GoalPosition, goal);
        bus.Set(id, kind.Make.TorqueEnable, 1);
    }

    private void Release(ServoBus? bus)
    {
        if (bus is null || !kind.HasTrigger)
            return;
        try
        {
            bus.Write(ArmKind.Ids[ArmKind.Gripper], kind.Make.TorqueEnable, 0);
        }
        catch (RobotException)
        {
            // It is gone: whoever connects it next lets go of it.
        }
    }

    private void Tell(ServoBus bus, double hz, CancellationToken cancellation)
    {
        var pace = new TurnPace(_clock, hz);
        var heardNs = time.NowNs();
        while (!cancellation.IsCancellationRequested)
        {
            var beganNs = time.NowNs();
            if (bus.TrySyncRead(kind.Make.PresentPosition, ArmKind.Ids, _positions))
            {
                heardNs = time.NowNs();
                _turns.Follow(_positions);
                _turns.Take(_positions);
                for (var i = 0; i < _values.Length; i++)
                    _values[i] = (float)scale[i].ToValue(_positions[i]);
                Moved(beganNs + (heardNs - beganNs) / 2, _values);
            }
            else if (
                time.NowNs() - heardNs > LostSeconds * MonotonicTime.NsPerSecond
                && bus.Silence(ArmKind.Ids, isUrgent: true) is { } silence
            )
            {
                throw new ServoException(silence);
            }

            pace.Wait();
        }
    }
}
