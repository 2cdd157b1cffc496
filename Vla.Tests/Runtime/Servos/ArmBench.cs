using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Robots;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Tests.Runtime.Servos;

/// <summary>An arm's loop and a simulated arm, turn by turn in time that a test lets pass.</summary>
internal sealed class ArmBench : IDisposable
{
    private const double Hz = 100;

    private readonly float[] _values = new float[6];
    private double _nextSeconds;

    public ArmBench(
        ArmLimits? limits = null,
        ScaleKind scale = ScaleKind.Range,
        ArmKind? kind = null,
        SimulatedBus? servos = null
    )
    {
        kind ??= ArmKind.So101;
        Servos = servos ?? SimulatedBus.So101();
        SimulatedArm.Calibrate(Servos);
        Port = new SimulatedPort(Servos, Time);
        Bus = new ServoBus(Port, kind.Make, Time, ArmKind.ServoNames);
        ArmPreparation.SetUp(Bus, kind);
        Calibration = ArmCalibration.FromServos(Bus, kind);
        Scale = new ArmScale(Calibration, scale, Bus.Make);
        Loop = new ArmLoop(Bus, kind, Scale, limits ?? kind.Limits, States, Time);
        _nextSeconds = Seconds;
    }

    public FakeTimeProvider Time { get; } = new();

    public SimulatedBus Servos { get; }

    public SimulatedPort Port { get; }

    public ServoBus Bus { get; }

    public ArmCalibration Calibration { get; }

    public ArmScale Scale { get; }

    public StateRing States { get; } = new(6);

    public ArmLoop Loop { get; }

    /// <summary>How fast any joint turned at most since this was last set to 0, steps a second.</summary>
    public double FastestTurn { get; set; }

    public SimulatedServo Lift => Servos.Servos[1];

    public SimulatedServo Elbow => Servos.Servos[2];

    private double Seconds => Time.NowNs() / 1e9;

    /// <summary>As it was found: without torque, where it lies.</summary>
    public void Begin() => Loop.Begin(hasTorque: false, Positions());

    public int[] Positions() => [.. Servos.Servos.Select(servo => servo.Position)];

    /// <summary>Lets time pass, with an action in force.</summary>
    /// <param name="seconds">How long.</param>
    /// <param name="state">What is wanted.</param>
    /// <param name="values">Where to, LeRobot's numbers; where it is when left out.</param>
    /// <returns>The arm's own view when that is over, the newest state.</returns>
    public float[] Pass(double seconds, ControlState? state = null, float[]? values = null)
    {
        var end = Seconds + seconds;
        while (Seconds < end)
        {
            if (state is { } wanted)
                Loop.Commands.Put(wanted, values ?? _values, Time.NowNs(), 100 * MonotonicTime.NsPerMs);
            Loop.Turn();
            FastestTurn = Math.Max(FastestTurn, Servos.Servos.Max(servo => Math.Abs(servo.Speed)));
            _nextSeconds = Math.Max(_nextSeconds + 1 / Hz, Seconds);
            Time.Advance(TimeSpan.FromSeconds(_nextSeconds - Seconds));
            Servos.Pass(Seconds);
        }

        States.TryRead(long.MaxValue, _values, out _);
        return [.. _values];
    }

    public void Dispose() => Bus.Dispose();
}
