using Vla.Actors.Robots;
using Vla.Runtime.Networks;

namespace Vla.Runtime.Outputs;

/// <summary>Appends every action to a file, one JSON object in each line.</summary>
/// <remarks>
/// An existing file is continued, a missing folder is made. Each line is handed to the operating system at once and
/// whole. After a failure (a full disk) the file is opened anew for a later action; what was written of the broken line
/// is taken back, and where that is not possible it is ended, so that it never spoils the next line. Nobody else writes
/// to the file meanwhile (<see cref="OutputFile"/>).
/// </remarks>
internal sealed class JsonLinesRobot(string file, RobotProfile profile) : IActionOutput
{
    private readonly ActionJson _json = new(profile);
    private FileStream? _stream;

    public string Name { get; } = $"jsonl:{file}";

    public bool Moves => false;

    /// <summary>20 s at 50 Hz: enough for a disk that is busy with something else.</summary>
    public int QueueCapacity => 1_024;

    /// <summary>Opens the file now rather than with the first action, so that a wrong path is told at start.</summary>
    /// <exception cref="UsageException">The file cannot be opened for writing.</exception>
    public void Open()
    {
        try
        {
            _stream ??= OpenFile(OutputFile.ReaderBound);
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            throw new UsageException($"output {Name} cannot be opened: {exception.Message}", exception);
        }
    }

    public void Apply(PublishedAction action)
    {
        _stream ??= OpenFile(TimeSpan.Zero);
        var good = _stream.CanSeek ? _stream.Position : 0;
        try
        {
            _stream.Write(_json.Write(action).Span);
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            TakeBack(_stream, good);
            _stream = null;
            throw;
        }
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _json.Dispose();
    }

    private static bool IsFileTrouble(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    private FileStream OpenFile(TimeSpan readerBound)
    {
        var stream = OutputFile.Open(file, readerBound);
        try
        {
            if (!stream.CanSeek || !stream.CanRead || stream.Length == 0)
                return stream;
            stream.Seek(-1, SeekOrigin.End);
            if (stream.ReadByte() != '\n')
                stream.Write("\n"u8);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static void TakeBack(FileStream stream, long length)
    {
        try
        {
            using (stream)
            {
                if (stream.CanSeek && stream.Length > length)
                    stream.SetLength(length);
            }
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            // The failure that brought us here is the one to report; opening anew ends a broken line.
        }
    }
}
