using System.Runtime.InteropServices;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Gives the terminal back as it was: reading single keys changes it, and a process that is ended at once leaves it so.
/// </summary>
/// <remarks>
/// .NET restores it in a destructor of its own native library, which <see cref="ProcessEnd"/> passes over.
/// </remarks>
internal static partial class TerminalSettings
{
    private const int StandardInput = 0;
    private const int AtOnce = 0;

    // struct termios differs from system to system; none is larger.
    private const int Size = 256;

    private static byte[]? _saved;

    /// <summary>Remembers them, to be called before the first key is read.</summary>
    public static void Save()
    {
        if (OperatingSystem.IsWindows())
            return;
        var settings = new byte[Size];
        if (GetAttributes(StandardInput, settings) == 0)
            _saved = settings;
    }

    /// <summary>Whether the terminal that keys are read from has been closed.</summary>
    public static bool IsGone =>
        !OperatingSystem.IsWindows() && _saved is not null && GetAttributes(StandardInput, new byte[Size]) != 0;

    public static void Restore()
    {
        // In the background the terminal is somebody else's, and setting it would suspend this process.
        if (_saved is { } saved && GetForeground(StandardInput) == GetGroup())
            _ = SetAttributes(StandardInput, AtOnce, saved);
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int file, [Out] byte[] settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int file, int when, byte[] settings);

    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    private static partial int GetForeground(int file);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    private static partial int GetGroup();
}
