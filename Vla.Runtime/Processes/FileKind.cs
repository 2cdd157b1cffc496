using System.Runtime.InteropServices;

namespace Vla.Runtime.Processes;

/// <summary>What a path leads to, symbolic links followed: some kinds need to be opened with care.</summary>
/// <remarks>.NET tells no pipe from a file. <c>statx</c> has the same layout on every kind of processor.</remarks>
internal enum FileKind
{
    /// <summary>Nothing there, or a system that cannot be asked.</summary>
    Unknown,
    Regular,
    Directory,
    Pipe,
    Device,
    Socket,
}

/// <summary>Asks Linux.</summary>
internal static partial class FileKinds
{
    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;
    private const uint WantType = 1;
    private const int Size = 256;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;

    public static FileKind Of(string path) => Of(CurrentFolder, path, 0);

    /// <summary>Of an open file, such as 1 for standard output.</summary>
    public static FileKind Of(int descriptor) => Of(descriptor, "", EmptyPath);

    private static FileKind Of(int folder, string path, int flags)
    {
        if (!OperatingSystem.IsLinux())
            return FileKind.Unknown;
        var about = new byte[Size];
        if (StatX(folder, path, flags, WantType, about) != 0)
            return FileKind.Unknown;
        return (BitConverter.ToUInt16(about, ModeOffset) & TypeMask) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Directory,
            0x1000 => FileKind.Pipe,
            0x2000 or 0x6000 => FileKind.Device,
            0xC000 => FileKind.Socket,
            _ => FileKind.Unknown,
        };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, [Out] byte[] about);
}
