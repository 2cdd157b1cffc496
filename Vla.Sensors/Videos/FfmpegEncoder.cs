using System.Diagnostics;
using System.Globalization;
using OpenCvSharp;

namespace Vla.Sensors.Videos;

/// <summary>Encodes by the <c>ffmpeg</c> program, which is given the pictures through a pipe.</summary>
internal sealed class FfmpegEncoder : VideoEncoder
{
    /// <summary>
    /// Parts of a frame's time that the file's clock counts, so that each picture's time is a whole number of them.
    /// </summary>
    private const int TicksPerPicture = 512;

    /// <summary>A picture that takes longer is given up, and the end of a file too.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ProcessWatch _watch;
    private readonly Thread _reader;
    private readonly ErrorLines _errors = new();
    private bool _finished;
    private bool _disposed;

    public FfmpegEncoder(FfmpegProgram program, VideoCodec codec, string path, int fps, int width, int height)
        : base(path, width, height)
    {
        string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        _process = program.Start(
            path,
            [
                "-nostdin",
                "-loglevel",
                "error",
                "-f",
                "rawvideo",
                "-pixel_format",
                "bgr24",
                "-video_size",
                $"{Text(width)}x{Text(height)}",
                "-framerate",
                Text(fps),
                "-i",
                "pipe:0",
                "-an",
                .. program.EachPicture,
                "-c:v",
                codec.Encoder!,
                .. codec.Settings,
                "-g",
                Text(KeyInterval),
                "-pix_fmt",
                "yuv420p",
                "-threads",
                "1",
                "-video_track_timescale",
                Text(fps * TicksPerPicture),
                "-movflags",
                "+faststart",
                "-f",
                "mp4",
                "-y",
                $"file:{System.IO.Path.GetFullPath(path)}",
            ]
        );
        _watch = new ProcessWatch(_process);
        _reader = FfmpegProgram.HelperThread("vla-ffmpeg", () => _errors.Read(_process.StandardError.BaseStream));
        FfmpegProgram.LowerPriority(_process);
    }

    public override void Finish()
    {
        if (_finished)
            return;
        _finished = true;
        _watch.Expect(Limit);
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already; its exit code tells.
        }

        _process.WaitForExit();
        _reader.Join();
        _watch.Rest();
        if (_process.ExitCode != 0)
            throw Failed(null);
    }

    protected override unsafe void Encode(Mat picture)
    {
        _watch.Expect(Limit);
        try
        {
            // Part of a larger picture lies in memory row by row.
            var rows = picture.IsContinuous() ? 1 : Height;
            var bytes = 3 * Width * Height / rows;
            for (var row = 0; row < rows; row++)
                _process.StandardInput.BaseStream.Write(new ReadOnlySpan<byte>((byte*)picture.Ptr(row), bytes));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            _process.WaitForExit(Limit);
            _reader.Join(Limit);
            throw Failed(exception);
        }

        _watch.Rest();
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing || _disposed)
            return;
        _disposed = true;
        _watch.Dispose();
        _reader.Join();
        _process.WaitForExit(Limit);
        _process.Dispose();
    }

    private VideoException Failed(Exception? exception) =>
        new(
            _watch.HasExpired
                ? $"the video '{Path}' cannot be written: ffmpeg took more than {Limit.TotalSeconds:0} s for a picture"
                : $"the video '{Path}' cannot be written{(_errors.Last.Length > 0 ? $": {_errors.Last}" : "")}",
            exception
        );
}
