using System.Runtime.InteropServices;

namespace Vla.Runtime.Servos.Ports;

/// <summary>The few calls, numbers and structures of Linux that a serial line at any speed needs.</summary>
/// <remarks>
/// As in <c>asm-generic/termbits.h</c>: the same on x86-64 and ARM64. <c>termios2</c> takes any speed as a number,
/// which the C library's own calls do not.
/// </remarks>
internal static unsafe partial class LinuxTerminal
{
    // open(2)
    public const int ReadWrite = 2;
    public const int NoControllingTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    // errno(3)
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int NoSuchAddress = 6;
    public const int Again = 11;
    public const int NoPermission = 13;
    public const int Busy = 16;
    public const int NoDevice = 19;
    public const int NotATerminal = 25;

    // poll(2)
    public const short PollIn = 1;
    public const short PollOut = 4;
    public const short PollError = 8;
    public const short PollHangUp = 16;

    // ioctl(2)
    public const nuint GetSettings = 0x802C542A;
    public const nuint SetSettings = 0x402C542B;
    public const nuint SetExclusive = 0x540C;
    public const nuint Flush = 0x540B;
    public const nint FlushInput = 0;

    // flock(2)
    public const int LockExclusively = 2;
    public const int LockNow = 4;

    // c_cflag: 8 bits, receiver on, no modem lines, the speed as a number.
    public const uint RawLine = 0x30 | 0x80 | 0x800 | 0x1000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int handle);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int handle, nuint request, void* data);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(int handle, int how);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    public static partial int Poll(ref PollEntry entry, nuint count, in Span timeout, nint signals);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int handle, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int handle, byte* bytes, nint count);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Handle;
        public short Wanted;
        public short Happened;
    }

    /// <summary><c>struct timespec</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Span
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary><c>struct termios2</c>, 44 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Settings
    {
        public uint Input;
        public uint Output;
        public uint Line;
        public uint Local;
        public byte Discipline;
        public fixed byte Characters[19];
        public uint InputSpeed;
        public uint OutputSpeed;
    }
}
