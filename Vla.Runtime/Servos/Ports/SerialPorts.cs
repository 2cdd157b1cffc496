using System.IO.Ports;
using System.Runtime.InteropServices;
using Vla.Actors.Robots;

namespace Vla.Runtime.Servos.Ports;

/// <summary>This machine's serial ports.</summary>
internal static class SerialPorts
{
    private const string StableNames = "/dev/serial/by-id";

    /// <exception cref="RobotException">It cannot be opened; the message says why, and what to do.</exception>
    public static ISerialPort Open(string name, int baud) =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64
            ? new LinuxSerialPort(name, baud)
            : new SystemSerialPort(name, baud);

    /// <summary>The ports that a USB cable can bring: on Linux without the machine's own.</summary>
    public static IReadOnlyList<string> List() =>
        OperatingSystem.IsLinux()
            ? [.. Directory.EnumerateFiles("/dev", "tty*").Where(IsUsb).Order(StringComparer.Ordinal)]
            : [.. SerialPort.GetPortNames().Distinct().Order(StringComparer.Ordinal)];

    /// <summary>
    /// The name of a port that stays when other ports come and go; the same name where there is none.
    /// </summary>
    public static string StableNameOf(string name) =>
        !Directory.Exists(StableNames)
            ? name
            : Directory
                .EnumerateFiles(StableNames)
                .FirstOrDefault(link => RealName(link) == RealName(name), defaultValue: name);

    private static bool IsUsb(string name) =>
        name.StartsWith("/dev/ttyACM", StringComparison.Ordinal)
        || name.StartsWith("/dev/ttyUSB", StringComparison.Ordinal);

    private static string RealName(string name)
    {
        try
        {
            return File.ResolveLinkTarget(name, returnFinalTarget: true)?.FullName ?? name;
        }
        catch (IOException)
        {
            return name;
        }
    }
}
