using System.Runtime.InteropServices;

namespace Vla.Runtime.Processes;

/// <summary>Notices that whoever reads standard output or standard error through a pipe is gone.</summary>
/// <remarks>
/// .NET's console swallows that error, so that a program goes on for nobody. A thread waits in <c>poll</c>, which needs
/// no writing to find out. Pipes only: a terminal that closes sends SIGHUP, and a journal that is started again takes
/// up its sockets.
/// </remarks>
internal sealed partial class StandardStreams : IDisposable
{
    private const int Output = 1;
    private const int Error = 2;
    private const short PollError = 8;
    private const int LookAgainMs = 500;

    private static volatile bool _errorIsClosed;
    private readonly Action? _outputClosed;
    private volatile bool _ends;

    /// <param name="outputClosed">Told once; null when nobody writes to standard output.</param>
    public StandardStreams(Action? outputClosed)
    {
        _outputClosed = outputClosed;
        var pipes = new List<int>();
        if (outputClosed is not null && FileKinds.Of(Output) == FileKind.Pipe)
            pipes.Add(Output);
        if (FileKinds.Of(Error) == FileKind.Pipe)
            pipes.Add(Error);
        if (pipes.Count > 0)
            new Thread(() => Watch(pipes)) { Name = "vla-streams", IsBackground = true }.Start();
    }

    /// <summary>Whether nobody reads the log any more.</summary>
    public static bool ErrorIsClosed => _errorIsClosed;

    public void Dispose() => _ends = true;

    private void Watch(List<int> pipes)
    {
        while (!_ends && pipes.Count > 0)
        {
            var files = pipes.Select(file => new PollFile { File = file }).ToArray();
            if (Poll(files, (nuint)files.Length, LookAgainMs) <= 0)
                continue;
            foreach (var file in files.Where(file => (file.Happened & PollError) != 0))
            {
                pipes.Remove(file.File);
                if (file.File == Error)
                    _errorIsClosed = true;
                else
                    _outputClosed!();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll([In, Out] PollFile[] files, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFile
    {
        public int File;
        public short Wanted;
        public short Happened;
    }
}
