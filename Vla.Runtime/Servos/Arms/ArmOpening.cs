using Vla.Actors.Robots;
using Vla.Runtime.Servos.Ports;

namespace Vla.Runtime.Servos.Arms;

/// <summary>Finds everything that an arm's address stands for: its port, its calibration, where it can lie.</summary>
/// <param name="known">Arms that were calibrated here.</param>
/// <param name="calibrations">LeRobot's folder of calibrations.</param>
/// <param name="open">Opens a port.</param>
/// <param name="time">The clock.</param>
internal sealed class ArmOpening(
    KnownArms known,
    string calibrations,
    Func<string, int, ISerialPort> open,
    TimeProvider time
)
{
    /// <summary>With the user's folders and this machine's ports.</summary>
    public static ArmOpening OfUser(TimeProvider time) =>
        new(
            KnownArms.OfUser(Environment.GetEnvironmentVariable),
            CalibrationFiles.Folder(Environment.GetEnvironmentVariable),
            SerialPorts.Open,
            time
        );

    /// <summary>Opens a port's bus.</summary>
    /// <exception cref="RobotException">It cannot be opened.</exception>
    public ServoBus OpenBus(string port, ServoMake make) =>
        new(open(port, ArmKind.Baud), make, time, ArmKind.ServoNames);

    /// <summary>The port of an address.</summary>
    /// <exception cref="RobotException">It names an arm that is not known here.</exception>
    public string PortOf(ArmAddress address) =>
        address.Port
        ?? known.Find(address.Kind, address.Id!)?.Port
        ?? throw new RobotException(
            $"no arm '{address.Id}' is known here"
                + (known.Names(address.Kind) is { Count: > 0 } names ? $" (but {string.Join(", ", names)})" : "")
                + $": give its port, {address.Kind}:/dev/ttyACM0?id={address.Id}, or calibrate it with "
                + $"./vla calibrate {address.Kind}:/dev/ttyACM0 --id {address.Id}"
        );

    /// <summary>The calibration of an address: of its file, or as its servos have it.</summary>
    /// <exception cref="RobotException">There is none, or it is damaged.</exception>
    public ArmCalibration CalibrationOf(ArmAddress address)
    {
        if (address.Id is null)
        {
            using var bus = OpenBus(PortOf(address), address.Kind.Make);
            ArmPreparation.Check(bus, address.Kind);
            return ArmCalibration.FromServos(bus, address.Kind);
        }

        if (CalibrationFiles.Find(calibrations, address.Kind, address.Id) is { } file)
            return ArmCalibration.Load(file, address.Kind);
        throw new RobotException(
            $"arm '{address.Id}' has no calibration in {calibrations}: make one with ./vla calibrate "
                + $"{address.Kind}:{PortOf(address)} "
                + $"--id {address.Id}"
        );
    }

    /// <summary>Writes a calibration where LeRobot finds it.</summary>
    /// <returns>Its file, and where what was there before lies now; null when there was nothing.</returns>
    /// <exception cref="RobotException">It cannot be written.</exception>
    public (string File, string? Before) Save(ArmKind kind, string name, ArmCalibration calibration)
    {
        var file = CalibrationFiles.Find(calibrations, kind, name) ?? CalibrationFiles.New(calibrations, kind, name);
        try
        {
            return (file, calibration.Save(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RobotException(
                $"the servos are calibrated, but {file} cannot be written: {exception.Message.ReplaceLineEndings(" ")}",
                exception
            );
        }
    }

    /// <summary>Remembers at which port an arm is, and nothing of where it can lie: its numbers are new.</summary>
    /// <returns>Whether that could be written.</returns>
    public bool Remember(ArmKind kind, string name, string port) =>
        known.Keep(kind, name, new KnownArm(kind.Name, SerialPorts.StableNameOf(port)));

    /// <summary>Everything of an address, for an arm that is driven.</summary>
    /// <exception cref="RobotException">It is not known, not calibrated, or not there.</exception>
    public ArmOptions OptionsOf(ArmAddress address)
    {
        var port = PortOf(address);
        // Without a name it is remembered by its port.
        var name = address.Id ?? Path.GetFileName(SerialPorts.StableNameOf(port));
        var before = known.Find(address.Kind, name);
        return new ArmOptions
        {
            Kind = address.Kind,
            Port = port,
            Name = $"{address.Kind}:{address.Id ?? port}",
            Calibration = CalibrationOf(address),
            Scale = address.Scale,
            RateHz = address.RateHz,
            Limits = address.Kind.Limits,
            Rest = before?.Rest,
            KeepRest = rest =>
                known.Keep(
                    address.Kind,
                    name,
                    new KnownArm(address.Kind.Name, address.Port is null ? port : SerialPorts.StableNameOf(port), rest)
                ),
        };
    }
}
