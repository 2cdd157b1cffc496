using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vla.Runtime.Processes;

namespace Vla.Runtime.Outputs;

/// <summary>Opens a file that actions are appended to, for this output alone, whatever kind of file it is.</summary>
/// <remarks>
/// <para>
/// The lock is on the file itself: another path, a link, another run, or another output of this run all find it taken.
/// The kernel lets go of it when the process ends, however it ends. An open-file-description lock, since .NET's own
/// (<see cref="FileShare.None"/>, flock) would keep .NET programs from reading along.
/// </para>
/// <para>
/// A pipe is opened for writing only, and only when somebody reads it: otherwise opening it would wait, or writing to
/// it would once it is full.
/// </para>
/// </remarks>
internal static partial class OutputFile
{
    /// <summary>Whoever starts writer and reader together gets so long for the reader to come.</summary>
    public static readonly TimeSpan ReaderBound = TimeSpan.FromSeconds(2);

    private const int WriteOnly = 1;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int SetFlags = 4;
    private const int SetLock = 37;
    private const short WriteLock = 1;
    private const int NoSuchDeviceOrAddress = 6;
    private const int TryAgain = 11;
    private const int AccessDenied = 13;

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    /// <param name="path">Made, with its folder, where it is not there.</param>
    /// <param name="readerBound">How long to wait for somebody to read a pipe.</param>
    /// <exception cref="IOException">It cannot be opened, is somebody else's, or nobody reads it; the message is for
    /// the user.</exception>
    public static FileStream Open(string path, TimeSpan readerBound)
    {
        switch (FileKinds.Of(path))
        {
            case FileKind.Directory:
                throw new IOException("it is a directory; name a file in it");
            case FileKind.Socket:
                throw new IOException(
                    "it is a socket, which cannot be opened as a file; use udp://HOST:PORT, or a pipe"
                );
            case FileKind.Pipe:
                return Locked(new FileStream(OpenPipe(path, readerBound), FileAccess.Write, bufferSize: 0));
            case FileKind.Device:
                // Not for reading: a terminal or a serial line would take what it is sent for us. Not locked: /dev/null
                // is for all.
                return new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            default:
                if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } folder)
                    Directory.CreateDirectory(folder);
                // Unbuffered: a line is either with the operating system or reported as failed.
                return Locked(
                    new FileStream(
                        path,
                        FileMode.OpenOrCreate,
                        FileAccess.ReadWrite,
                        FileShare.ReadWrite,
                        bufferSize: 0
                    )
                );
        }
    }

    private static SafeFileHandle OpenPipe(string path, TimeSpan readerBound)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var file = OpenDescriptor(path, WriteOnly | NonBlocking | CloseOnExec);
            if (file >= 0)
            {
                // From now on a reader that does not keep up is waited for, on the output's own thread.
                _ = Control(file, SetFlags, WriteOnly);
                return new SafeFileHandle(file, ownsHandle: true);
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != NoSuchDeviceOrAddress)
                throw new IOException(Marshal.GetPInvokeErrorMessage(error));
            if (Stopwatch.GetElapsedTime(began) >= readerBound)
                throw new IOException("nobody reads this pipe; start its reader first");
            Thread.Sleep(Glance);
        }
    }

    private static FileStream Locked(FileStream stream)
    {
        if (!OperatingSystem.IsLinux())
            return stream;
        var all = new FileLock { Type = WriteLock };
        if (LockFile(stream.SafeFileHandle, SetLock, in all) == 0)
            return stream;

        var error = Marshal.GetLastPInvokeError();
        // A file system without such locks: to write without one is better than not at all.
        if (error is not (TryAgain or AccessDenied))
            return stream;
        stream.Dispose();
        throw new IOException(
            "another run, or another output of this one, writes to this file; give each a file of its own"
        );
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int LockFile(SafeFileHandle file, int command, in FileLock what);

    /// <summary>struct flock of 64-bit Linux: from the beginning to the end.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
