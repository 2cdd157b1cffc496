using System.Diagnostics;
using System.Globalization;
using OpenCvSharp;

namespace Vla.Sensors.Videos;

/// <summary>A video file, decoded picture by picture by the <c>ffmpeg</c> program; for one thread.</summary>
/// <remarks>
/// Pictures come through a pipe as they are decoded, and their times through standard error, by a filter that says
/// them: a pipe of plain pictures has no room for times. The decoder waits while nobody reads.
/// </remarks>
internal sealed class FfmpegVideo : IVideoReader
{
    /// <summary>A picture that takes longer is given up.</summary>
    public static readonly TimeSpan PictureLimit = TimeSpan.FromSeconds(10);

    private const double UsualFps = 30;

    // A robot's cores have other work too.
    private const int Threads = 2;

    private readonly FfmpegProgram _program;
    private readonly TimeSpan _limit;
    private Run _run;
    private double _last = double.NaN;

    private FfmpegVideo(
        FfmpegProgram program,
        string path,
        TimeSpan limit,
        VideoDescription description,
        Run run,
        DecodedPicture first
    )
    {
        (_program, Path, _limit, _run) = (program, path, limit, run);
        Description = description;
        (Width, Height) = (first.Width, first.Height);
    }

    public string Path { get; }

    /// <summary>What the file says of itself.</summary>
    public VideoDescription Description { get; }

    public double Fps => Description.Fps;

    public double Seconds => Description.Seconds;

    /// <summary>Pixels of the pictures that are read, turned as the file asks.</summary>
    public int Width { get; }

    /// <summary>Pixels of the pictures that are read, turned as the file asks.</summary>
    public int Height { get; }

    /// <summary>Opens a file of which at least one picture can be decoded.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="program">That of this machine when left out.</param>
    /// <param name="limit">How long a picture may take; <see cref="PictureLimit"/> when left out.</param>
    /// <exception cref="VideoException">It is missing, no video, or nothing of it can be decoded; or the program is
    /// missing.</exception>
    public static FfmpegVideo Open(string path, FfmpegProgram? program = null, TimeSpan? limit = null)
    {
        if (!File.Exists(path))
            throw new VideoException($"there is no video '{path}'");
        program ??= FfmpegProgram.OfThisMachine;
        var description = program.Describe(path);
        if ((long)description.Width * description.Height > FfmpegProgram.LargestPicture)
            throw new VideoException(
                $"'{path}' says that its pictures have {description.Width}x{description.Height} pixels: more than "
                    + $"{FfmpegProgram.LargestPicture:N0} are not decoded"
            );
        var run = new Run(program, path, 0, limit ?? PictureLimit);
        try
        {
            if (run.Peek() is { } first)
                return new FfmpegVideo(program, path, limit ?? PictureLimit, description, run, first);
            throw new VideoException(
                $"no picture of '{path}' ({Named(description.Codec)}) can be decoded{run.Complaint}"
            );
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with the first picture that is shown at some time or later.</summary>
    /// <param name="seconds">Time in the file.</param>
    public void Seek(double seconds)
    {
        _run.Dispose();
        _last = double.NaN;
        _run = new Run(_program, Path, seconds, _limit);
    }

    /// <summary>The next picture.</summary>
    /// <param name="picture">BGR, 8 bits; its memory is used again where it fits.</param>
    /// <param name="seconds">Its time in the file.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="VideoException">It cannot be decoded, takes too long, or has another size than those
    /// before.</exception>
    public bool Read(Mat picture, out double seconds)
    {
        seconds = 0;
        if (_run.Next() is not { } next)
            return false;
        if (next.Width != Width || next.Height != Height)
            throw new VideoException(
                $"the pictures of '{Path}' change from {Width}x{Height} to {next.Width}x{next.Height}: convert it to "
                    + "one size"
            );
        picture.Create(Height, Width, MatType.CV_8UC3);
        _run.Read(picture);

        // A stream without times of its own runs at its nominal rate.
        var period = 1 / (Description.Fps > 0 ? Description.Fps : UsualFps);
        seconds = _last =
            !double.IsNaN(next.Seconds) ? next.Seconds
            : double.IsNaN(_last) ? 0
            : _last + period;
        return true;
    }

    public void Dispose() => _run.Dispose();

    private static string Named(string codec) => codec.Length > 0 ? codec : "an unknown codec";

    /// <summary>One process, from some time on to the end.</summary>
    private sealed class Run : IDisposable
    {
        private readonly string _path;
        private readonly TimeSpan _limit;
        private readonly Process _process;
        private readonly ProcessWatch _watch;
        private readonly Stream _pictures;
        private readonly Thread _reader;
        private readonly ErrorLines _errors = new();
        private readonly Queue<DecodedPicture> _decoded = [];
        private double _timeBase;
        private bool _ended;

        public Run(FfmpegProgram program, string path, double fromSeconds, TimeSpan limit)
        {
            (_path, _limit) = (path, limit);
            string[] seek =
                fromSeconds > 0
                    ? ["-seek_timestamp", "1", "-ss", fromSeconds.ToString("0.000000", CultureInfo.InvariantCulture)]
                    : [];
            _process = program.Start(
                path,
                [
                    "-nostdin",
                    "-loglevel",
                    "level+info",
                    "-threads",
                    $"{Threads}",
                    "-copyts",
                    .. seek,
                    .. FfmpegProgram.Input(path),
                    "-map",
                    "0:V:0",
                    "-vf",
                    "showinfo=checksum=0",
                    .. program.EachPicture,
                    "-pix_fmt",
                    "bgr24",
                    "-f",
                    "rawvideo",
                    "pipe:1",
                ]
            );
            _watch = new ProcessWatch(_process);
            _process.StandardInput.Close();
            _pictures = _process.StandardOutput.BaseStream;
            _reader = FfmpegProgram.HelperThread(
                "vla-ffmpeg",
                () =>
                {
                    _errors.Read(_process.StandardError.BaseStream, Take);
                    lock (_decoded)
                    {
                        _ended = true;
                        Monitor.Pulse(_decoded);
                    }
                }
            );
        }

        /// <summary>What went wrong, to be put behind a sentence; empty when nothing was said.</summary>
        public string Complaint => _errors.Last.Length > 0 ? $": {_errors.Last}" : "";

        /// <summary>The next picture, which stays the next; null when there is none.</summary>
        public DecodedPicture? Peek() => Wait(remove: false);

        /// <summary>The next picture, to be read then; null at the end.</summary>
        public DecodedPicture? Next() => Wait(remove: true);

        public unsafe void Read(Mat picture)
        {
            _watch.Expect(_limit);
            try
            {
                // Part of a larger picture lies in memory row by row.
                var rows = picture.IsContinuous() ? 1 : picture.Height;
                var bytes = 3 * picture.Width * picture.Height / rows;
                for (var row = 0; row < rows; row++)
                    _pictures.ReadExactly(new Span<byte>((byte*)picture.Ptr(row), bytes));
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                throw Failed(exception);
            }

            _watch.Rest();
        }

        public void Dispose()
        {
            _watch.Dispose();
            _reader.Join();
            _process.WaitForExit(_limit);
            _process.Dispose();
        }

        private bool Take(ReadOnlySpan<byte> line)
        {
            if (DecodedPicture.TimeBase(line) is { } timeBase)
                _timeBase = timeBase;
            else if (DecodedPicture.Parse(line, _timeBase) is { } picture)
                Add(picture);
            else
                return false;
            return true;
        }

        private void Add(DecodedPicture picture)
        {
            lock (_decoded)
            {
                _decoded.Enqueue(picture);
                Monitor.Pulse(_decoded);
            }
        }

        private DecodedPicture? Wait(bool remove)
        {
            _watch.Expect(_limit);
            lock (_decoded)
            {
                while (_decoded.Count == 0 && !_ended)
                    Monitor.Wait(_decoded);
                _watch.Rest();
                if (_decoded.Count > 0)
                    return remove ? _decoded.Dequeue() : _decoded.Peek();
            }

            if (_watch.HasExpired)
                throw Failed(null);
            _process.WaitForExit();
            // Without any picture the caller knows better what to say.
            return _process.ExitCode != 0 && remove ? throw Failed(null) : null;
        }

        private VideoException Failed(Exception? exception) =>
            new(
                _watch.HasExpired
                    ? $"a picture of '{_path}' took more than {_limit.TotalSeconds:0.#} s to decode, which was given up"
                    : $"'{_path}' cannot be decoded to its end{Complaint}",
                exception
            );
    }
}
