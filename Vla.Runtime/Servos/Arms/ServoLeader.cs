using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Runtime.Servos.Feetech;
using Vla.Sensors;

namespace Vla.Runtime.Servos.Arms;

/// <summary>A leader arm, which a person moves: tells where its joints are. Its torque stays off.</summary>
/// <param name="port">Its serial port.</param>
/// <param name="scale">Which numbers its positions are: those of the arm that follows.</param>
/// <param name="openBus">Opens its bus.</param>
/// <param name="time">The clock.</param>
/// <param name="clock">Waits for the turns of its loop.</param>
internal sealed class ServoLeader(
    string port,
    ArmScale scale,
    Func<string, ServoBus> openBus,
    TimeProvider time,
    IControlClock? clock = null
)
{
    private const double LostSeconds = 0.3;
    private const int ConnectEachMs = 500;

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
            ArmPreparation.Check(bus);
            ArmPreparation.SetUp(bus, isLeader: true);
            foreach (var id in ArmKind.Ids)
                bus.Write(id, Sts3215.TorqueEnable, 0);
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

        connected?.Dispose();
    }

    private void Tell(ServoBus bus, double hz, CancellationToken cancellation)
    {
        var pace = new TurnPace(_clock, hz);
        var heardNs = time.NowNs();
        while (!cancellation.IsCancellationRequested)
        {
            var beganNs = time.NowNs();
            if (bus.TrySyncRead(Sts3215.PresentPosition, ArmKind.Ids, _positions))
            {
                heardNs = time.NowNs();
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
