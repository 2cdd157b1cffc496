using System.Buffers.Text;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using OpenCvSharp;
using Vla.Sensors.Cameras.Streams;
using Vla.Sensors.Images;

namespace Vla.Sensors.Cameras;

/// <summary>A network camera that speaks RTSP or RTSPS, received and decoded by the <c>ffmpeg</c> program.</summary>
/// <remarks>
/// The FFmpeg inside OpenCV's official Linux package is built without network, so the program runs as a child and
/// writes each picture to a pipe as a portable pixmap. When a picture was taken is told by the camera's own clock,
/// which comes with the stream: what waits in the connection, in the decoder or in the pipe makes a picture older, and
/// is seen as that.
/// </remarks>
internal sealed class RtspCamera : StreamCamera
{
    private const int SilenceSeconds = 2;

    // A stream begins with a picture that stands alone, and cameras send one only every few seconds.
    private static readonly TimeSpan FirstPictureTimeout = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan NoteTimeout = TimeSpan.FromMilliseconds(500);

    private readonly CameraSource.Url _source;
    private readonly FfmpegLog _log = new();
    private readonly Timer _deadline;
    private readonly long _startedNs;
    private Process? _ffmpeg;
    private volatile bool _tooLate;
    private long _pictures;

    private RtspCamera(CameraSource.Url source, TimeProvider time)
        : base(source.Name, time)
    {
        _source = source;
        _startedNs = time.NowNs();
        _deadline = new Timer(_ => GiveUp());
    }

    /// <exception cref="CameraException">There is no <c>ffmpeg</c>, or it cannot receive the stream; the message says
    /// why.</exception>
    public static RtspCamera Open(CameraSource.Url source, TimeProvider time)
    {
        var camera = new RtspCamera(source, time);
        try
        {
            camera.Begin();
            return camera;
        }
        catch
        {
            camera.Dispose();
            throw;
        }
    }

    protected override void Receive()
    {
        using var ffmpeg = Start();
        _ffmpeg = ffmpeg;
        var log = new Thread(() => _log.Follow(ffmpeg.StandardError)) { Name = "camera-log", IsBackground = true };
        log.Start();
        _deadline.Change(FirstPictureTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            using var pictures = new BufferedStream(ffmpeg.StandardOutput.BaseStream, 64);
            var times = new ArrivalTimes(_startedNs);
            while (!IsClosed)
            {
                ReceivePicture(pictures, times);
                _deadline.Change(PictureTimeout, Timeout.InfiniteTimeSpan);
            }
        }
        finally
        {
            Kill(ffmpeg);
            // So that its last words are read before the reason is told.
            log.Join(NoteTimeout);
            _ffmpeg = null;
        }
    }

    protected override CameraException Reason(Exception exception)
    {
        if (exception is Win32Exception)
            return new CameraException(
                $"camera '{Name}' needs the program ffmpeg; install it: sudo apt-get install ffmpeg",
                exception
            );
        var said = _log
            .Complaint?.Replace(_source.Address.OriginalString, Name, StringComparison.Ordinal)
            .Replace(_source.Address.AbsoluteUri, Name, StringComparison.Ordinal);
        if (_pictures > 0)
        {
            return Lost(
                _tooLate ? $"has sent no whole picture for {PictureTimeout.TotalSeconds:0} s"
                    : said is null ? "sends no more pictures"
                    : $"sends no more pictures ({said})",
                exception
            );
        }

        return new CameraException(
            _tooLate
                ? $"camera '{Name}' has sent no whole picture in {FirstPictureTimeout.TotalSeconds:0} s; check the "
                    + "address and that the camera works"
                : $"camera '{Name}' sends no pictures ({said ?? "ffmpeg does not say why"}); check the address and "
                    + "that the camera is on",
            exception
        );
    }

    protected override void Close()
    {
        _deadline.Dispose();
        if (_ffmpeg is { } ffmpeg)
            Kill(ffmpeg);
    }

    protected override (int Width, int Height) SizeOf(ReceivedPicture received) => received.Size;

    protected override unsafe string? Decode(ReceivedPicture received, Mat picture)
    {
        picture.Create(received.PixelHeight, received.PixelWidth, MatType.CV_8UC3);
        received.Bytes.CopyTo(new Span<byte>(picture.DataPointer, received.Length));
        Cv2.CvtColor(picture, picture, ColorConversionCodes.RGB2BGR);
        return null;
    }

    private Process Start()
    {
        var timeoutUs = $"{SilenceSeconds * 1_000_000}";
        return TiedProcess.Start(
            "ffmpeg",
            [
                "-nostdin",
                "-hide_banner",
                "-nostats",
                "-loglevel",
                "level+info",
                // No waiting for pictures to pile up, and one decoder thread: each further one delays by a picture.
                "-fflags",
                "nobuffer",
                "-flags",
                "low_delay",
                "-threads",
                "1",
                "-max_pixels",
                PictureBounds.MaximumPixels.ToString(CultureInfo.InvariantCulture),
                "-rtsp_transport",
                "tcp",
                "-timeout",
                timeoutUs,
                "-i",
                _source.Address.AbsoluteUri,
                "-an",
                "-vf",
                "showinfo=checksum=0",
                "-fps_mode",
                "passthrough",
                "-c:v",
                "ppm",
                "-f",
                "image2pipe",
                "-flush_packets",
                "1",
                "-",
            ]
        );
    }

    private void GiveUp()
    {
        _tooLate = true;
        if (_ffmpeg is { } ffmpeg)
            Kill(ffmpeg);
    }

    private static void Kill(Process ffmpeg)
    {
        try
        {
            ffmpeg.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself, or was closed.
        }
    }

    private void ReceivePicture(Stream pictures, ArrivalTimes times)
    {
        Span<byte> word = stackalloc byte[32];
        if (!ReadWord(pictures, word).SequenceEqual("P6"u8))
            throw new InvalidDataException("no pixmap");
        var firstByteNs = Time.NowNs();
        var width = ReadNumber(pictures, word, PictureBounds.MaximumSide);
        var height = ReadNumber(pictures, word, PictureBounds.MaximumSide);
        if (ReadNumber(pictures, word, byte.MaxValue) != byte.MaxValue || !PictureBounds.Allows(width, height))
            throw new InvalidDataException("not a pixmap of 8 bits a channel");

        var received = Inbox.Rent();
        pictures.ReadExactly(received.Write(width * height * 3));
        _pictures++;
        var note = _log.Next(NoteTimeout);
        // ffmpeg scales later pictures to the size of the first: what was decoded counts.
        received.Size = note is { } said ? (said.Width, said.Height) : (width, height);
        (received.PixelWidth, received.PixelHeight) = (width, height);
        received.TakenNs = times.TakenNs(
            new PictureArrival(firstByteNs, Time.NowNs(), received.Length, 1, note?.Seconds)
        );
        if (note is not { IsDamaged: true })
        {
            Inbox.Put(received);
            return;
        }

        Inbox.Return(received);
        Inbox.PassOver($"a picture that ffmpeg could not decode ({_log.Complaint})");
    }

    private static int ReadNumber(Stream pictures, Span<byte> word, int maximum) =>
        Utf8Parser.TryParse(ReadWord(pictures, word), out int number, out _) && number > 0 && number <= maximum
            ? number
            : throw new InvalidDataException("a pixmap's header is damaged");

    private static ReadOnlySpan<byte> ReadWord(Stream pictures, Span<byte> word)
    {
        for (var length = 0; length < word.Length; length++)
        {
            var next = pictures.ReadByte();
            if (next < 0)
                throw new EndOfStreamException();
            if (next is ' ' or '\n')
                return word[..length];
            word[length] = (byte)next;
        }

        throw new InvalidDataException("a pixmap's header is damaged");
    }
}
