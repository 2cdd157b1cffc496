using Vla.Actors.Robots;
using Vla.Runtime.Servos.Arms;

namespace Vla.Runtime.Servos.SettingUp;

/// <summary>Finds an arm's middle and ranges from how it is moved by hand, and writes them into its servos.</summary>
/// <remarks>
/// First the sweep, then the middle: a joint's middle is the middle of its sweep, so that it needs no guess, and an
/// offset always fits. Angles are followed across the end of a turn. Until <see cref="Write"/> nothing is changed that
/// <see cref="Undo"/> does not undo.
/// </remarks>
internal sealed class ArmCalibrator(ServoBus bus, ArmKind kind)
{
    private readonly int _turn = bus.Make.Resolution;
    private readonly int _middle = (bus.Make.Resolution - 1) / 2;

    /// <summary>A joint that was moved by less was not moved, steps: 26 degrees.</summary>
    private const int LeastSweep = 300;

    /// <summary>A sweep below this share of what is usual is probably not whole.</summary>
    private const double UsualShare = 0.6;

    private const int MostTries = 20;

    private readonly int[] _last = new int[ArmKind.Ids.Length];
    private readonly int[] _now = new int[ArmKind.Ids.Length];
    private readonly int[] _least = new int[ArmKind.Ids.Length];
    private readonly int[] _most = new int[ArmKind.Ids.Length];
    private ArmCalibration? _before;

    /// <summary>Takes torque and offsets away, so that it can be moved by hand and tells its raw angles.</summary>
    /// <exception cref="RobotException">A servo does not take it.</exception>
    public void Begin()
    {
        _before = ArmCalibration.Read(bus);
        foreach (var id in ArmKind.Ids)
        {
            // Some keep a mode only without torque.
            bus.Set(id, bus.Make.TorqueEnable, 0);
            bus.Set(id, bus.Make.OperatingMode, bus.Make.PositionMode);
        }

        new ArmCalibration([
            .. ArmKind.Ids.Select((id, i) => new JointCalibration(id, DriveMode(i), 0, 0, _turn - 1)),
        ]).WriteTo(bus);
        for (var attempt = 1; !Listen(); attempt++)
        {
            if (attempt == MostTries)
                throw new ServoException(
                    $"{bus.PortName}: not all servos tell their angles: check cables and power supply"
                );
        }

        foreach (var i in Enumerable.Range(0, _now.Length))
            (_last[i], _least[i], _most[i]) = (_now[i], _now[i], _now[i]);
    }

    /// <summary>
    /// Looks where the joints are. Again and again while they are moved: several times a second at least.
    /// </summary>
    public void Look()
    {
        var last = _now.ToArray();
        if (!Listen())
            return;
        for (var i = 0; i < _now.Length; i++)
        {
            // The short way round: nobody turns a joint by half a turn between two looks.
            var step = (_now[i] - _last[i] + _turn + _turn / 2) % _turn - _turn / 2;
            var whole = last[i] + step;
            _last[i] = _now[i];
            _now[i] = whole;
            (_least[i], _most[i]) = (Math.Min(_least[i], whole), Math.Max(_most[i], whole));
        }
    }

    /// <summary>A joint's sweep so far: where it is, and how far it went, steps.</summary>
    public (int Least, int Now, int Most) SweepOf(int joint) => (_least[joint], _now[joint], _most[joint]);

    /// <summary>Forgets a joint's sweep: it begins anew from where it is.</summary>
    public void Forget(int joint) => (_least[joint], _most[joint]) = (_now[joint], _now[joint]);

    /// <summary>Why a joint's sweep cannot be used; null when it can.</summary>
    public string? Problem(int joint)
    {
        if (kind.Turning.Contains(joint))
            return null;
        var sweep = _most[joint] - _least[joint];
        return sweep < LeastSweep ? $"{ArmKind.Joints[joint]} was not moved"
            : sweep >= _turn ? $"{ArmKind.Joints[joint]} went all round: it has no stops, or its servo's horn slips"
            : null;
    }

    /// <summary>What is unlikely about a joint's sweep; null when nothing is.</summary>
    public string? Doubt(int joint)
    {
        if (kind.Turning.Contains(joint) || kind.UsualSweeps.Count == 0)
            return null;
        var (sweep, usual) = (_most[joint] - _least[joint], kind.UsualSweeps[joint]);
        if (sweep >= UsualShare * usual)
            return null;
        return $"{ArmKind.Joints[joint]} went through {Degrees(sweep)}° only, usual is {Degrees(usual)}°";
    }

    /// <summary>What comes of it: joints that turn all round have their middle where they are now.</summary>
    /// <exception cref="RobotException">A sweep cannot be used.</exception>
    public ArmCalibration Result()
    {
        if (Enumerable.Range(0, _now.Length).Select(Problem).FirstOrDefault(why => why is not null) is { } problem)
            throw new RobotException($"the arm cannot be calibrated like that: {problem}");
        return new ArmCalibration([.. ArmKind.Ids.Select((id, i) => Joint(id, i))]);
    }

    /// <summary>Writes it into the servos, for good, and looks whether they have it.</summary>
    /// <exception cref="RobotException">A servo does not take it.</exception>
    public void Write(ArmCalibration calibration)
    {
        calibration.WriteTo(bus);
        if (calibration.DifferenceFrom(ArmCalibration.FromServos(bus, kind), bus.Make) is { } difference)
            throw new RobotException(
                $"the servos do not keep the calibration: {difference}; power the arm off and on, and calibrate anew"
            );
        _before = null;
    }

    /// <summary>Gives the servos back what they had, unless they have been given something new.</summary>
    public void Undo()
    {
        _before?.WriteTo(bus);
        _before = null;
    }

    private JointCalibration Joint(int id, int place)
    {
        var turns = kind.Turning.Contains(place);
        var middle = turns ? _now[place] : (_least[place] + _most[place]) / 2;
        // Any whole number of turns is the same: the one that the servo can keep.
        var offset = (middle - _middle) % _turn;
        if (offset > _middle)
            offset -= _turn;
        if (offset < -_middle)
            offset += _turn;
        offset = Math.Clamp(offset, -_middle, _middle) * -bus.Make.OffsetSign;
        var half = (_most[place] - _least[place]) / 2;
        var (least, most) = turns ? (0, _turn - 1) : (Math.Max(0, _middle - half), Math.Min(_turn - 1, _middle + half));
        return new JointCalibration(id, DriveMode(place), offset, least, most);
    }

    private int DriveMode(int place) => kind.Inverted.Contains(place) ? 1 : 0;

    private bool Listen() => bus.TrySyncRead(bus.Make.PresentPosition, ArmKind.Ids, _now);

    private int Degrees(int steps) => (int)Math.Round(steps * 360.0 / _turn);
}
