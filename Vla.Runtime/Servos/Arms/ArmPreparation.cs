using System.Globalization;
using Vla.Actors.Robots;

namespace Vla.Runtime.Servos.Arms;

/// <summary>Looks whether an arm is as it has to be, and sets its servos up as LeRobot does.</summary>
internal static class ArmPreparation
{
    /// <summary>
    /// How far beyond its calibrated range a joint may stand and still be driven back, steps: 9 degrees.
    /// </summary>
    private const int LargestExcess = 100;

    /// <summary>Checks that every servo is there and of the right model, and listens to their voltage.</summary>
    /// <param name="bus">Its line.</param>
    /// <param name="kind">What it is to be.</param>
    /// <returns>What is unusual, in words; empty when nothing is.</returns>
    /// <exception cref="RobotException">One is not as it has to be.</exception>
    public static string Check(ServoBus bus, ArmKind kind)
    {
        RequireAll(bus, kind);
        var firmwares = new HashSet<string>();
        foreach (var (place, id) in ArmKind.Ids.Index())
        {
            var (model, wanted) = (bus.Read(id, bus.Make.ModelNumber), kind.Models[place]);
            if (model != wanted)
            {
                throw new ServoException(
                    $"{bus.Names.Of(id)} is of {bus.Make.InWords(model)}; {kind.What} has "
                        + $"{bus.Make.ModelOf(wanted)!.Name} (model {wanted}) there: check that this is the arm's port"
                );
            }

            RequireVoltage(bus, id);
            firmwares.Add(string.Join('.', bus.Make.Firmware.Select(register => bus.Read(id, register))));
        }

        return firmwares.Count == 1
            ? ""
            : $"its servos have different firmware ({string.Join(", ", firmwares.Order())}): bring them to "
                + "one version with "
                + "the maker's program";
    }

    /// <summary>Whether the torque of any joint is on.</summary>
    public static bool HasTorque(ServoBus bus) => ArmKind.Ids.Any(id => bus.Read(id, bus.Make.TorqueEnable) != 0);

    /// <summary>Sets the servos up; what they have already is not written again.</summary>
    /// <param name="bus">Checked.</param>
    /// <param name="kind">The arm's.</param>
    /// <exception cref="RobotException">One does not take it.</exception>
    public static void SetUp(ServoBus bus, ArmKind kind)
    {
        foreach (var (place, id) in ArmKind.Ids.Index())
        {
            SetUp(bus, id, kind.Settings(place));
            // An earlier end may have taken it away.
            var torque = bus.Read(id, bus.Make.MaximumTorque);
            if (bus.Read(id, bus.Make.Torque) != torque)
                bus.Set(id, bus.Make.Torque, torque);
        }
    }

    private static void SetUp(ServoBus bus, int id, IReadOnlyList<ServoSetting> settings)
    {
        var (make, isUnlocked) = (bus.Make, false);
        // One after the other: a change may take later ones back to what they are usually.
        foreach (var setting in settings)
        {
            var (register, now) = (setting.Register, bus.Read(id, setting.Register));
            var wanted = setting.Wanted(now);
            if (wanted == now)
                continue;
            RequireWritable(bus, id, register, now, wanted);
            if (make.Lock is not null && !isUnlocked)
                bus.Set(id, make.Lock, 0);
            isUnlocked = true;
            bus.Set(id, register, wanted);
        }

        if (make.Lock is not null && isUnlocked)
            bus.Set(id, make.Lock, 1);
    }

    private static void RequireWritable(ServoBus bus, int id, ServoRegister register, int now, int wanted)
    {
        var make = bus.Make;
        var needsNoTorque = make.IsKeptWithoutTorque && register.Address < make.FirstVolatile;
        if (!needsNoTorque || bus.Read(id, make.TorqueEnable) == 0)
            return;
        throw new ServoException(
            $"{bus.Names.Of(id)} holds, and its {register.Name} is {now} where {wanted} is needed: support the arm, "
                + "power it off and on"
        );
    }

    /// <summary>Checks that no joint stands where its servo would jump from as soon as it has torque.</summary>
    /// <exception cref="RobotException">One does.</exception>
    public static void RequireInRange(ServoBus bus, ArmCalibration calibration)
    {
        int[] positions = [.. ArmKind.Ids.Select(id => bus.Read(id, bus.Make.PresentPosition))];
        var turns = new ArmTurns(calibration, bus.Make);
        turns.Find(positions);
        turns.Take(positions);
        foreach (var (joint, position) in calibration.Joints.Zip(positions))
        {
            if (position >= joint.RangeMin - LargestExcess && position <= joint.RangeMax + LargestExcess)
                continue;
            throw new ServoException(
                $"{bus.Names.Of(joint.Id)} stands at {position}, beyond its calibrated range {joint.RangeMin} to "
                    + $"{joint.RangeMax}: move it into it by hand, or calibrate anew (./vla calibrate)"
            );
        }
    }

    private static void RequireAll(ServoBus bus, ArmKind kind)
    {
        if (bus.Silence(ArmKind.Ids) is not { } silence)
            return;
        // Servos of another make hear nothing of it.
        var others = ArmKind.All.Where(one => one.Make != kind.Make && one.IsLeader == kind.IsLeader);
        throw new ServoException(
            bus.PingAll().Count > 0
                ? silence
                : $"{silence}; if it is another arm than {kind.What}, name it so: {string.Join(" or ", others)}"
        );
    }

    private static void RequireVoltage(ServoBus bus, int id)
    {
        var (volts, unit) = (bus.Read(id, bus.Make.PresentVoltage), bus.Make.VoltageVolts);
        var (least, most) = (bus.Read(id, bus.Make.MinimumVoltage), bus.Read(id, bus.Make.MaximumVoltage));
        if (volts >= least && volts <= most)
            return;
        throw new ServoException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{bus.Names.Of(id)} has {volts * unit:0.0} V, and is made for "
                    + $"{least * unit:0.0} to "
                    + $"{most * unit:0.0} V: give the arm the right power supply"
            )
        );
    }
}
