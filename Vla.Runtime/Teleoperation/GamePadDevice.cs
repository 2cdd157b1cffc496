using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Vla.Actors.Robots;

namespace Vla.Runtime.Teleoperation;

/// <summary>Finds and opens a game pad's event device.</summary>
internal static partial class GamePadDevice
{
    private const string Folder = "/dev/input";
    private const string ByName = "/dev/input/by-id";
    private const string NameEnd = "-event-joystick";

    /// <summary>The axes whose ranges are asked for.</summary>
    private static readonly ushort[] Axes =
    [
        GamePadCodes.LeftX,
        GamePadCodes.LeftY,
        GamePadCodes.Z,
        GamePadCodes.RightX,
        GamePadCodes.RightY,
        GamePadCodes.RotationZ,
        GamePadCodes.CrossX,
        GamePadCodes.CrossY,
    ];

    /// <summary>The device of the first game pad that is plugged in.</summary>
    /// <exception cref="RobotException">There is none.</exception>
    public static string Find()
    {
        var named = Directory.Exists(ByName)
            ? Directory.EnumerateFiles(ByName, "*" + NameEnd).Order(StringComparer.Ordinal).FirstOrDefault()
            : null;
        return named
            ?? ByHandler()
            ?? throw new RobotException(
                $"no game pad is found in {Folder}: plug one in, or name its device, gamepad:/dev/input/event5"
            );
    }

    /// <summary>Opens it.</summary>
    /// <param name="path">The device; a file or a pipe of events does too.</param>
    /// <param name="pad">Is told its axes' ranges.</param>
    /// <exception cref="RobotException">It cannot be opened.</exception>
    public static FileStream Open(string path, GamePad pad)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            if (OperatingSystem.IsLinux())
                AskRanges(stream.SafeFileHandle, pad);
            return stream;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RobotException(
                exception is FileNotFoundException or DirectoryNotFoundException
                        ? $"game pad {path} is not there: plug it in, or name another"
                    : exception is UnauthorizedAccessException
                        ? $"game pad {path} may not be read: sudo usermod -aG input $USER, then log in anew"
                    : $"game pad {path} cannot be opened: {exception.Message.ReplaceLineEndings(" ")}",
                exception
            );
        }
    }

    /// <summary>By the kernel's list of devices: one with a joystick's handler.</summary>
    private static string? ByHandler()
    {
        const string List = "/proc/bus/input/devices";
        if (!File.Exists(List))
            return null;
        foreach (var line in File.ReadLines(List))
        {
            if (!line.StartsWith("H: Handlers=", StringComparison.Ordinal))
                continue;
            var handlers = line["H: Handlers=".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var isPad = handlers.Any(one => one.StartsWith("js", StringComparison.Ordinal));
            if (
                isPad && handlers.FirstOrDefault(one => one.StartsWith("event", StringComparison.Ordinal)) is { } device
            )
                return Path.Combine(Folder, device);
        }

        return null;
    }

    [SupportedOSPlatform("linux")]
    private static void AskRanges(SafeFileHandle device, GamePad pad)
    {
        foreach (var axis in Axes)
        {
            // EVIOCGABS(axis): value, minimum, maximum, fuzz, flat, resolution. A file has none, and says so.
            var answer = new int[6];
            if (Control(device, 0x80184540u + axis, answer) >= 0)
                pad.SetRange(axis, answer[1], answer[2]);
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(SafeFileHandle device, nuint request, [Out] int[] answer);
}
