using System.Runtime.InteropServices;
using System.Text;

namespace Vla.Runtime.ServoSimulation;

/// <summary>
/// A pair of terminal ends on Linux: what is written into one comes out at the other, a serial line for a program.
/// </summary>
internal sealed unsafe partial class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const int CloseOnExec = 0x80000;
    private const int LongestName = 64;
    private const nuint GetSettings = 0x802C542A;
    private const nuint SetSettings = 0x402C542B;
    private const short PollIn = 1;

    private readonly int _ours;
    private readonly int _theirs;
    private int _disposed;

    /// <exception cref="IOException">The system gives none.</exception>
    public PseudoTerminal()
    {
        _ours = Open(ReadWrite | NoControllingTerminal | CloseOnExec);
        if (_ours < 0)
            throw Failed();
        var name = stackalloc byte[LongestName];
        if (Grant(_ours) != 0 || Unlock(_ours) != 0 || NameOf(_ours, name, LongestName) != 0)
            throw Failed();
        Name = Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
        // Ours too, for as long as the line is there: otherwise it ends with the first program that closes it.
        _theirs = OpenFile(Name, ReadWrite | NoControllingTerminal | CloseOnExec);
        if (_theirs < 0)
            throw Failed();
        var settings = stackalloc uint[11];
        if (Control(_theirs, GetSettings, settings) < 0)
            throw Failed();
        // Raw: what comes in must not be echoed before somebody has opened the other end.
        (settings[0], settings[1], settings[3]) = (0, 0, 0);
        if (Control(_theirs, SetSettings, settings) < 0)
            throw Failed();
    }

    /// <summary>Of the end that a program opens.</summary>
    public string Name { get; }

    /// <summary>Bits a second that the program has set.</summary>
    public int Baud
    {
        get
        {
            var settings = stackalloc uint[11];
            return Control(_ours, GetSettings, settings) < 0 ? 0 : (int)settings[10];
        }
    }

    /// <summary>Takes what the program has sent.</summary>
    /// <param name="bytes">Receives it.</param>
    /// <param name="patience">How long to wait for some: to a part of a millisecond.</param>
    public int Read(Span<byte> bytes, TimeSpan patience)
    {
        var entry = new PollEntry { Handle = _ours, Wanted = PollIn };
        var time = new Time
        {
            Seconds = (nint)(patience.Ticks / TimeSpan.TicksPerSecond),
            Nanoseconds = (nint)(patience.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick),
        };
        if (Poll(ref entry, 1, ref time, 0) <= 0 || (entry.Happened & PollIn) == 0)
            return 0;
        fixed (byte* first = bytes)
            return (int)Math.Max(0, Read(_ours, first, bytes.Length));
    }

    /// <summary>Sends to the program.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
            _ = Write(_ours, first, bytes.Length);
    }

    /// <summary>Pulls it out: the program finds that it is gone.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_theirs > 0)
            _ = Close(_theirs);
        if (_ours > 0)
            _ = Close(_ours);
    }

    private static IOException Failed() =>
        new($"the system gives no pseudo-terminal: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int Open(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int Grant(int handle);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(int handle);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int NameOf(int handle, byte* name, nint length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int handle, nuint request, void* data);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    private static partial int Poll(ref PollEntry entry, nuint count, ref Time patience, nint signals);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int handle, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int handle, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Handle;
        public short Wanted;
        public short Happened;
    }
}
