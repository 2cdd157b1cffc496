using Vla.Actors.Robots;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Feetech;

namespace Vla.Runtime.Servos.SettingUp;

/// <summary>Finds an arm's middle and ranges from how it is moved by hand, and writes them into its servos.</summary>
/// <remarks>
/// First the sweep, then the middle: a joint's middle is the middle of its sweep, so that it needs no guess, and an
/// offset always fits. Angles are followed across the end of a turn. Until <see cref="Write"/> nothing is changed that
/// <see cref="Undo"/> does not undo.
/// </remarks>
internal sealed class ArmCalibrator(ServoBus bus)
{
    private const int Turn = Sts3215.Resolution;
    private const int Middle = 2_047;

    /// <summary>A joint that was moved by less was not moved, steps: 26 degrees.</summary>
    private const int LeastSweep = 300;

    /// <summary>A sweep below this share of what is usual is probably not whole.</summary>
    private const double UsualShare = 0.6;

    /// <summary>How far the joints of an SO-101 go, steps.</summary>
    private static readonly int[] UsualSweeps = [2_500, 2_350, 2_200, 2_250, Turn, 1_400];

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
            bus.Write(id, Sts3215.OperatingMode, 0);
        new ArmCalibration([.. ArmKind.Ids.Select(id => new JointCalibration(id, 0, 0, 0, Turn - 1))]).WriteTo(bus);
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
            var step = (_now[i] - _last[i] + Turn + Turn / 2) % Turn - Turn / 2;
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
        if (joint == ArmKind.WristRoll)
            return null;
        var sweep = _most[joint] - _least[joint];
        return sweep < LeastSweep ? $"{ArmKind.Joints[joint]} was not moved"
            : sweep >= Turn ? $"{ArmKind.Joints[joint]} went all round: it has no stops, or its servo's horn slips"
            : null;
    }

    /// <summary>What is unlikely about a joint's sweep; null when nothing is.</summary>
    public string? Doubt(int joint)
    {
        var (sweep, usual) = (_most[joint] - _least[joint], UsualSweeps[joint]);
        if (joint == ArmKind.WristRoll || sweep >= UsualShare * usual)
            return null;
        return $"{ArmKind.Joints[joint]} went through {Degrees(sweep)}° only, usual is {Degrees(usual)}°";
    }

    /// <summary>What comes of it: with the wrist's roll, which has no stops, where it is now in its middle.</summary>
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
        if (calibration.DifferenceFrom(ArmCalibration.FromServos(bus)) is { } difference)
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
        var isRoll = place == ArmKind.WristRoll;
        var middle = isRoll ? _now[place] : (_least[place] + _most[place]) / 2;
        // Any whole number of turns is the same: the one that the servo can keep.
        var offset = (middle - Middle) % Turn;
        if (offset > Sts3215.LargestOffset)
            offset -= Turn;
        if (offset < -Sts3215.LargestOffset)
            offset += Turn;
        offset = Math.Clamp(offset, -Sts3215.LargestOffset, Sts3215.LargestOffset);
        var half = (_most[place] - _least[place]) / 2;
        return isRoll
            ? new JointCalibration(id, 0, offset, 0, Turn - 1)
            : new JointCalibration(id, 0, offset, Math.Max(0, Middle - half), Math.Min(Turn - 1, Middle + half));
    }

    private bool Listen() => bus.TrySyncRead(Sts3215.PresentPosition, ArmKind.Ids, _now);

    private static int Degrees(int steps) => (int)Math.Round(steps * 360.0 / Turn);
}
