using System.Globalization;

namespace Vla.Runtime.ServoSimulation;

/// <summary>One simulated arm on a line of its own: what a person would do with it, in words.</summary>
internal sealed class SimulatedArm : IDisposable
{
    /// <summary>All that can be told to it, for a person to read.</summary>
    public const string Help =
        "show · unplug · plug · power · block JOINT · free JOINT · silence JOINT · wake JOINT · heat JOINT CELSIUS · "
        + "volts VOLTS · push JOINT STEPS · let-go · wave · sweep · lost SHARE · corrupt SHARE · noise "
        + "SHARE · latency MS";

    private const double WaveWidth = 0.3;
    private const double SweepSeconds = 4;
    private const double WaveHz = 0.2;

    private readonly SimulatedBus _bus;
    private double? _waveBegan;
    private bool _isSweep;
    private Lead? _lead;

    /// <param name="name">For messages.</param>
    /// <param name="isLeader">Whether a person leads it by hand: it is light and stays where it is let go.</param>
    /// <param name="isCalibrated">Whether its servos know their middle and limits already.</param>
    /// <param name="link">A name in the file system that its line has; null for none.</param>
    /// <exception cref="IOException">The system gives no pseudo-terminal, or the link cannot be made.</exception>
    /// <param name="isDynamixel">Whether it is a Koch; otherwise an SO-101.</param>
    public SimulatedArm(string name, bool isLeader, bool isCalibrated, string? link = null, bool isDynamixel = false)
    {
        (Name, IsLeader) = (name, isLeader);
        var joints = isDynamixel ? SimulatedJoint.Koch() : SimulatedJoint.So101();
        if (isLeader)
            joints = [.. joints.Select(joint => joint with { LiesAt = null, Weight = 0 })];
        _bus = isDynamixel ? SimulatedBus.Dynamixel(joints, isLeader) : SimulatedBus.Feetech(joints);
        _bus.Passing = LeadByHand;
        if (isCalibrated)
            Calibrate(_bus);
        Line = new SimulatedLine(_bus, link);
    }

    public string Name { get; }

    /// <summary>Whether a person leads it by hand.</summary>
    public bool IsLeader { get; }

    public SimulatedLine Line { get; }

    /// <summary>
    /// Writes into servos what calibration would: their middle reads 2047, and limits a little within the stops.
    /// </summary>
    public static void Calibrate(SimulatedBus bus)
    {
        foreach (var servo in bus.Servos)
            servo.Calibrate();
    }

    /// <summary>A hand moves it to a pose, gently, and holds it there.</summary>
    /// <param name="pose">An angle for each joint, steps.</param>
    /// <param name="seconds">How long that takes.</param>
    public void LeadTo(double[] pose, double seconds) =>
        Line.Do(_ =>
        {
            _waveBegan = null;
            _lead = new Lead([.. _bus.Servos.Select(servo => servo.Angle)], [.. pose], seconds);
        });

    /// <summary>Does what a person says.</summary>
    /// <returns>What came of it, in words.</returns>
    public string Tell(string words)
    {
        var parts = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (parts)
        {
            case ["show"]:
                return Line.Do(Drawing);
            case ["unplug"]:
                Line.Unplug();
                return "unplugged";
            case ["plug"]:
                Line.Plug();
                return $"plugged in: {Line.Name}";
            case ["power"]:
                Line.Do(bus => bus.Servos.ToList().ForEach(servo => servo.CyclePower()));
                return "powered off and on";
            case ["let-go"]:
                Line.Do(_ =>
                {
                    (_waveBegan, _lead) = (null, null);
                    foreach (var servo in _bus.Servos)
                        servo.Hand = null;
                });
                return "nobody's hand is at it";
            case ["wave"]:
                Line.Do(_ => (_waveBegan, _isSweep, _lead) = (-1, false, null));
                return "a hand waves it";
            case ["sweep"]:
                Line.Do(_ => (_waveBegan, _isSweep, _lead) = (-1, true, null));
                return "a hand moves every joint from stop to stop, until let-go";
            case ["volts", var volts] when Number(volts) is { } value:
                Line.Do(bus => bus.Servos.ToList().ForEach(servo => servo.Voltage = value));
                return $"supplied with {volts} V";
            case ["lost" or "corrupt" or "noise" or "latency", var amount] when Number(amount) is { } value and >= 0:
                Line.Do(bus => Set(bus.Conditions, parts[0], value));
                return $"{parts[0]} is {amount}";
            case [_, var joint, ..] when _bus.Servos.FirstOrDefault(servo => servo.Joint.Name == joint) is { } servo:
                return Line.Do(_ => Tell(servo, parts)) ?? Unknown(words);
            default:
                return Unknown(words);
        }
    }

    public void Dispose() => Line.Dispose();

    private static string? Tell(SimulatedServo servo, string[] parts)
    {
        switch (parts)
        {
            case ["block", _]:
                servo.Obstacle = servo.Angle;
                break;
            case ["free", _]:
                servo.Obstacle = null;
                break;
            case ["silence", _]:
                servo.IsDead = true;
                break;
            case ["wake", _]:
                servo.IsDead = false;
                break;
            case ["heat", _, var celsius] when Number(celsius) is { } value:
                servo.Temperature = value;
                break;
            case ["push", _, var steps] when Number(steps) is { } value:
                servo.Hand = servo.Angle + value;
                break;
            default:
                return null;
        }

        return string.Join(' ', parts);
    }

    private string Unknown(string words) =>
        $"'{words}' is not known; give {Help}; "
        + $"joints are {string.Join(", ", _bus.Servos.Select(servo => servo.Joint.Name))}";

    private void LeadByHand(double now)
    {
        if (_lead is { } lead)
        {
            lead.Move(_bus.Servos, now);
            return;
        }

        if (_waveBegan is not { } began)
            return;
        if (began < 0)
            _waveBegan = began = now;
        foreach (var (i, servo) in _bus.Servos.Index())
        {
            var joint = servo.Joint;
            var middle = (joint.FirstStop + joint.LastStop) / 2;
            var half = (joint.LastStop - joint.FirstStop) / 2;
            var isRoll = joint.FirstStop == 0;
            servo.Hand =
                !_isSweep ? middle + WaveWidth * half * Math.Sin(2 * Math.PI * WaveHz * (now - began) + i)
                : isRoll ? middle
                // Against both stops, again and again: whoever looks may begin late.
                : middle + 1.1 * half * Math.Sin(2 * Math.PI * (now - began) / SweepSeconds);
        }
    }

    private static void Set(BusConditions conditions, string what, double value)
    {
        switch (what)
        {
            case "lost":
                conditions.Lost = value;
                break;
            case "corrupt":
                conditions.Corrupt = value;
                break;
            case "noise":
                conditions.Noise = value;
                break;
            default:
                conditions.Latency = value / 1_000;
                break;
        }
    }

    /// <summary>Each joint as a line: between its stops where it is, what holds it, how warm it is.</summary>
    private static string Drawing(SimulatedBus bus)
    {
        const int Width = 41;
        var lines = bus.Servos.Select(servo =>
        {
            var joint = servo.Joint;
            var at = (int)((servo.Angle - joint.FirstStop) / (joint.LastStop - joint.FirstStop) * (Width - 1));
            var bar = new string('─', at) + "●" + new string('─', Width - 1 - at);
            var torque = servo.HasTorque ? $"torque {(int)(servo.TorqueShare * 100)} %" : "slack";
            var faults = servo.Faults == 0 ? "" : $"  faults {servo.Faults}";
            var where = $"{servo.Id} {joint.Name, -13} ├{bar}┤ {servo.Position, 4}";
            return $"{where}  {torque}  {(int)servo.Temperature} °C{faults}{(servo.IsDead ? "  silent" : "")}";
        });
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>A hand on its way from one pose to another.</summary>
    private sealed class Lead(double[] from, double[] to, double seconds)
    {
        private double? _began;

        public void Move(IReadOnlyList<SimulatedServo> servos, double now)
        {
            _began ??= now;
            var share = Math.Clamp((now - _began.Value) / seconds, 0, 1);
            // As hands do: at rest, fastest half way, at rest.
            var way = share * share * share * (10 + share * (6 * share - 15));
            for (var i = 0; i < servos.Count; i++)
                servos[i].Hand = from[i] + way * (to[i] - from[i]);
        }
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : null;
}
