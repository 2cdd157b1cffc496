using System.Diagnostics;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Runtime.Servos.Ports;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Servos.Arms;

/// <summary>An arm with serial servos that is driven: <c>--robot so101:/dev/ttyACM0</c>.</summary>
/// <remarks>
/// <para>
/// A thread of its own runs the <see cref="ArmLoop"/> beside the control loop, which only leaves its actions there and
/// never waits. Where the arm lies when it is found without torque is where it is brought back to in the end, and let
/// go.
/// </para>
/// <para>Killed, it says nothing any more: the servos go on holding where they are.</para>
/// </remarks>
internal sealed class ServoArm : IRobot
{
    private const int LongestLossMs = 1_000;

    private readonly ArmOptions _options;
    private readonly Func<string, int, ISerialPort> _open;
    private readonly TimeProvider _time;
    private readonly IControlClock _clock;
    private readonly ArmScale _scale;
    private readonly ManualResetEventSlim _atRest = new(true);
    private int[]? _rest;
    private ArmLoop? _loop;
    private ServoBus? _bus;
    private Thread? _thread;
    private string _unusual = "";
    private volatile string? _lost;
    private volatile bool _isToLetGo;

    /// <param name="options">Which arm.</param>
    /// <param name="time">The clock.</param>
    /// <param name="open">Opens its port.</param>
    /// <param name="clock">Waits for the turns of its loop.</param>
    public ServoArm(
        ArmOptions options,
        TimeProvider time,
        Func<string, int, ISerialPort>? open = null,
        IControlClock? clock = null
    )
    {
        (_options, _time, _open, _clock) = (options, time, open ?? SerialPorts.Open, clock ?? new ControlClock());
        _scale = new ArmScale(options.Calibration, options.Scale, options.Kind.Make);
        _rest = options.Rest;
        Profile = _scale.Profile(options.Name);
    }

    public string Name => _options.Name;

    /// <summary>Its actions are left for its own loop.</summary>
    public bool MayBlock => false;

    public IReadOnlyList<string> ActionNames => ArmScale.Names;

    public IReadOnlyList<string> ActionUnits => ArmScale.Units;

    public IReadOnlyList<string> StateNames => ArmScale.Names;

    public IReadOnlyList<string> StateUnits => ArmScale.Units;

    public double StateRateHz => _options.RateHz;

    public RobotProfile Profile { get; }

    public StateRing States { get; } = new(ArmScale.Names.Count);

    public string? Note => _loop?.Note ?? (_unusual.Length > 0 ? _unusual : BadLine());

    public string? Holding => _loop?.Holding;

    public string? Gone => _lost;

    public bool IsSettingOut => _loop is { IsSettingOut: true };

    /// <summary>
    /// From when what an action was made of was seen, or felt by a leader's servos, until its goals are sent.
    /// </summary>
    public LatencyWindow Latency { get; } = new();

    /// <summary>Which numbers its positions are.</summary>
    public ScaleKind Scale => _options.Scale;

    public void Connect(CancellationToken cancellation)
    {
        var kind = _options.Kind;
        var bus = new ServoBus(_open(_options.Port, ArmKind.Baud), kind.Make, _time, ArmKind.ServoNames);
        try
        {
            _unusual = ArmPreparation.Check(bus, kind);
            RequireSameCalibration(bus);
            ArmPreparation.RequireInRange(bus, _options.Calibration);
            var hasTorque = ArmPreparation.HasTorque(bus);
            if (!hasTorque)
                NoteRest(bus);
            ArmPreparation.SetUp(bus, kind);
            cancellation.ThrowIfCancellationRequested();
            var loop = new ArmLoop(bus, kind, _scale, _options.Limits, States, _time) { Latency = Latency };
            loop.Begin(hasTorque, _rest);
            (_bus, _loop, _lost, _isToLetGo) = (bus, loop, null, false);
        }
        catch
        {
            bus.Dispose();
            throw;
        }

        _atRest.Reset();
        _thread = new Thread(Run) { Name = $"vla-arm {Name}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Begins to bring it to rest, and returns: <see cref="WaitAtRest"/> waits for that. One that is lost is let go
    /// of at once.
    /// </summary>
    public void Disconnect()
    {
        _isToLetGo = true;
        if (_lost is not null)
            _atRest.Wait(LongestLossMs);
    }

    public bool WaitAtRest(TimeSpan bound) => _atRest.Wait(bound);

    public void Apply(PublishedAction action)
    {
        if (_lost is { } why)
            throw new RobotLostException(why);
        _loop?.Commands.Put(
            action.State,
            action.Values.AsSpan(),
            _time.NowNs(),
            action.DeadmanMs * MonotonicTime.NsPerMs,
            action.State == ControlState.Policy ? action.Origin.CapturedNs : 0
        );
    }

    public long ReadState(Span<float> values) => throw new UnreachableException("its states are in a ring");

    public void Dispose() => Disconnect();

    private void Run()
    {
        var (loop, bus) = (_loop!, _bus!);
        var pace = new TurnPace(_clock, _options.RateHz);
        try
        {
            while (!loop.HasEnded)
            {
                if (_isToLetGo)
                    loop.End();
                loop.Turn();
                pace.Wait();
            }
        }
        catch (RobotException exception)
        {
            _lost = exception.Message;
        }
        finally
        {
            if (_lost is null && loop.Mode != ArmMode.Slack)
            {
                _options.Say(
                    $"robot {Name} goes on holding where it is, since it is not known where it can lie: "
                        + "support it, then "
                        + "switch its power off; found without torque at the next start, it is brought back there"
                );
            }

            bus.Dispose();
            _atRest.Set();
        }
    }

    private void RequireSameCalibration(ServoBus bus)
    {
        if (
            _options.Calibration.DifferenceFrom(ArmCalibration.FromServos(bus, _options.Kind), bus.Make)
            is not { } difference
        )
            return;
        throw new RobotException(
            $"robot '{Name}' has another calibration than its file: {difference}; write the file's into the "
                + "servos with "
                + "./vla calibrate --write-file, or calibrate anew with ./vla calibrate"
        );
    }

    /// <summary>It lies without anything that holds it: there it can be let go again.</summary>
    private void NoteRest(ServoBus bus)
    {
        int[] told = [.. ArmKind.Ids.Select(id => bus.Read(id, bus.Make.PresentPosition))];
        var turns = new ArmTurns(_options.Calibration, bus.Make);
        turns.Find(told);
        turns.Take(told);
        _rest = told;
        _options.KeepRest(_rest);
    }

    private string? BadLine()
    {
        const int Few = 500;
        const double BadShare = 0.015;
        if (_bus?.Tally is not { Packets: > Few } tally || tally.Missing < BadShare * tally.Answers)
            return null;
        // In whole percents: it must not be another text at every look.
        var percent = Math.Round(100.0 * tally.Missing / (tally.Answers + tally.Missing));
        return $"its line is bad: {percent} % of its servos' answers do not come; look after cables and power supply";
    }
}
