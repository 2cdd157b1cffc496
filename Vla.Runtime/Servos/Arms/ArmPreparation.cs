using System.Globalization;
using Vla.Actors.Robots;
using Vla.Runtime.Servos.Feetech;

namespace Vla.Runtime.Servos.Arms;

/// <summary>Looks whether an arm is as it has to be, and sets its servos up as LeRobot does.</summary>
internal static class ArmPreparation
{
    /// <summary>
    /// How far beyond its calibrated range a joint may stand and still be driven back, steps: 9 degrees.
    /// </summary>
    private const int LargestExcess = 100;

    private const int WrapAngle = 0x10;

    /// <summary>What every joint is set to.</summary>
    private static readonly (ServoRegister Register, int Value)[] Common =
    [
        (Sts3215.ReturnDelay, 0),
        (Sts3215.MaximumAcceleration, 254),
        (Sts3215.Acceleration, 254),
        (Sts3215.OperatingMode, 0),
    ];

    private static readonly (ServoRegister Register, int Value)[] Follower =
    [
        (Sts3215.P, 16),
        (Sts3215.I, 0),
        (Sts3215.D, 32),
    ];

    /// <summary>So that it does not burn while it holds something.</summary>
    private static readonly (ServoRegister Register, int Value)[] Gripper =
    [
        (Sts3215.MaximumTorque, 500),
        (Sts3215.ProtectionCurrent, 250),
        (Sts3215.OverloadTorque, 25),
    ];

    /// <summary>Checks that every servo is there and of the right model, and listens to their voltage.</summary>
    /// <returns>What is unusual, in words; empty when nothing is.</returns>
    /// <exception cref="RobotException">One is not as it has to be.</exception>
    public static string Check(ServoBus bus)
    {
        RequireAll(bus);
        var firmwares = new HashSet<string>();
        foreach (var id in ArmKind.Ids)
        {
            var model = bus.Read(id, Sts3215.ModelNumber);
            if (model != Sts3215.Model)
            {
                throw new ServoException(
                    $"{bus.Names.Of(id)} is of model {model}; an SO-101 has STS3215 (model {Sts3215.Model}): "
                        + "check that this is the arm's port"
                );
            }

            RequireVoltage(bus, id);
            firmwares.Add($"{bus.Read(id, Sts3215.FirmwareMajor)}.{bus.Read(id, Sts3215.FirmwareMinor)}");
        }

        return firmwares.Count == 1
            ? ""
            : $"its servos have different firmware ({string.Join(", ", firmwares.Order())}): bring them to "
                + "one version with "
                + "the maker's program";
    }

    /// <summary>Whether the torque of any joint is on.</summary>
    public static bool HasTorque(ServoBus bus) => ArmKind.Ids.Any(id => bus.Read(id, Sts3215.TorqueEnable) != 0);

    /// <summary>Sets the servos up; what they have already is not written again.</summary>
    /// <param name="bus">Checked.</param>
    /// <param name="isLeader">A leader keeps its own stiffness.</param>
    public static void SetUp(ServoBus bus, bool isLeader)
    {
        foreach (var (place, id) in ArmKind.Ids.Index())
        {
            var wanted = new List<(ServoRegister Register, int Value)>(Common);
            if (!isLeader)
                wanted.AddRange(Follower);
            if (!isLeader && place == ArmKind.Gripper)
                wanted.AddRange(Gripper);
            var phase = bus.Read(id, Sts3215.Phase);
            if ((phase & WrapAngle) != 0)
                wanted.Add((Sts3215.Phase, phase & ~WrapAngle));
            var differing = wanted.Where(entry => bus.Read(id, entry.Register) != entry.Value).ToList();
            if (differing.Count > 0)
            {
                bus.Write(id, Sts3215.Lock, 0);
                foreach (var (register, value) in differing)
                    bus.Write(id, register, value);
                bus.Write(id, Sts3215.Lock, 1);
            }

            // An earlier end may have taken it away.
            var torque = bus.Read(id, Sts3215.MaximumTorque);
            if (bus.Read(id, Sts3215.Torque) != torque)
                bus.Write(id, Sts3215.Torque, torque);
        }
    }

    /// <summary>Checks that no joint stands where its servo would jump from as soon as it has torque.</summary>
    /// <exception cref="RobotException">One does.</exception>
    public static void RequireInRange(ServoBus bus, ArmCalibration calibration)
    {
        foreach (var joint in calibration.Joints)
        {
            var position = bus.Read(joint.Id, Sts3215.PresentPosition);
            if (position >= joint.RangeMin - LargestExcess && position <= joint.RangeMax + LargestExcess)
                continue;
            throw new ServoException(
                $"{bus.Names.Of(joint.Id)} stands at {position}, beyond its calibrated range {joint.RangeMin} to "
                    + $"{joint.RangeMax}: move it into it by hand, or calibrate anew (./vla calibrate)"
            );
        }
    }

    private static void RequireAll(ServoBus bus)
    {
        if (bus.Silence(ArmKind.Ids) is { } silence)
            throw new ServoException(silence);
    }

    private static void RequireVoltage(ServoBus bus, int id)
    {
        var volts = bus.Read(id, Sts3215.PresentVoltage);
        var (least, most) = (bus.Read(id, Sts3215.MinimumVoltage), bus.Read(id, Sts3215.MaximumVoltage));
        if (volts >= least && volts <= most)
            return;
        throw new ServoException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{bus.Names.Of(id)} has {volts * Sts3215.VoltageVolts:0.0} V, and is made for "
                    + $"{least * Sts3215.VoltageVolts:0.0} to "
                    + $"{most * Sts3215.VoltageVolts:0.0} V: give the arm the right power supply"
            )
        );
    }
}
