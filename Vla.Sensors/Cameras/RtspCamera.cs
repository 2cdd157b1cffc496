using System.Buffers.Text;
using System.ComponentModel;
using System.Diagnostics;
using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>A network camera that speaks RTSP or RTSPS, received and decoded by the <c>ffmpeg</c> program.</summary>
/// <remarks>
/// The FFmpeg inside OpenCV's official Linux package is built without network, so the program runs as a child and
/// writes each picture to a pipe as a portable pixmap, whose header tells the size.
/// </remarks>
internal sealed class RtspCamera : ICamera
{
    private const int SilenceSeconds = 2;
    private const int MaximumExitMs = 500;
    private const int MaximumLength = 16_384;

    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly Process _ffmpeg;
    private readonly Stream _pictures;
    private readonly Mat _first = new();
    private volatile string? _complaint;
    private long _firstNs;

    private RtspCamera(string name, Process ffmpeg, TimeProvider time)
    {
        _name = name;
        _time = time;
        _ffmpeg = ffmpeg;
        _pictures = new BufferedStream(ffmpeg.StandardOutput.BaseStream, 64);
        ffmpeg.ErrorDataReceived += (_, line) => _complaint = line.Data ?? _complaint;
        ffmpeg.BeginErrorReadLine();
        Description = new CameraDescription(name, 0, 0, 0);
    }

    public CameraDescription Description { get; private set; }

    /// <exception cref="CameraException">There is no <c>ffmpeg</c>, or it cannot receive the stream; the message says why.</exception>
    public static RtspCamera Open(CameraSource.Url source, TimeProvider time)
    {
        var camera = new RtspCamera(source.Name, Start(source), time);
        try
        {
            camera._firstNs = camera.ReadPicture(camera._first);
            camera.Description = new CameraDescription(source.Name, camera._first.Width, camera._first.Height, 0);
            return camera;
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            camera._ffmpeg.WaitForExit(MaximumExitMs);
            var why = camera._complaint?.Replace(source.Address.OriginalString, source.Name, StringComparison.Ordinal);
            camera.Dispose();
            throw new CameraException($"camera '{source.Name}' sends no pictures ({why ?? "ffmpeg does not say why"}); check the address and that the camera is on");
        }
    }

    public long Read(Mat picture)
    {
        if (!_first.IsDisposed)
        {
            _first.CopyTo(picture);
            _first.Dispose();
            return _firstNs;
        }

        try
        {
            return ReadPicture(picture);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            throw new CameraLostException($"camera '{_name}' sends no more pictures", exception);
        }
    }

    public void Dispose()
    {
        try
        {
            _ffmpeg.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }

        _pictures.Dispose();
        _ffmpeg.Dispose();
        _first.Dispose();
    }

    private static Process Start(CameraSource.Url source)
    {
        var timeoutUs = $"{SilenceSeconds * 1_000_000}";
        string[] arguments =
        [
            "-nostdin", "-loglevel", "error",
            // No waiting for pictures to pile up, and one decoder thread: each further one delays by a picture.
            "-fflags", "nobuffer", "-flags", "low_delay", "-threads", "1",
            "-rtsp_transport", "tcp", "-timeout", timeoutUs, "-i", source.Address.AbsoluteUri,
            "-an", "-fps_mode", "passthrough", "-c:v", "ppm", "-f", "image2pipe", "-flush_packets", "1", "-",
        ];
        try
        {
            return Process.Start(new ProcessStartInfo("ffmpeg", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception exception)
        {
            throw new CameraException($"camera '{source.Name}' needs the program ffmpeg; install it: sudo apt-get install ffmpeg", exception);
        }
    }

    private unsafe long ReadPicture(Mat picture)
    {
        Span<byte> line = stackalloc byte[32];
        if (!ReadWord(line).SequenceEqual("P6"u8)) throw new InvalidDataException("no pixmap");
        var width = ReadNumber(line);
        var height = ReadNumber(line);
        if (ReadNumber(line) != byte.MaxValue) throw new InvalidDataException("not 8 bits a channel");

        var arrivedNs = _time.NowNs();
        picture.Create(height, width, MatType.CV_8UC3);
        _pictures.ReadExactly(new Span<byte>(picture.DataPointer, checked(width * height * 3)));
        Cv2.CvtColor(picture, picture, ColorConversionCodes.RGB2BGR);
        return arrivedNs;
    }

    private int ReadNumber(Span<byte> word) =>
        Utf8Parser.TryParse(ReadWord(word), out int number, out _) && number is > 0 and <= MaximumLength
            ? number
            : throw new InvalidDataException("a pixmap's header is damaged");

    private ReadOnlySpan<byte> ReadWord(Span<byte> word)
    {
        for (var length = 0; length < word.Length; length++)
        {
            var next = _pictures.ReadByte();
            if (next < 0) throw new EndOfStreamException();
            if (next is ' ' or '\n') return word[..length];
            word[length] = (byte)next;
        }

        throw new InvalidDataException("a pixmap's header is damaged");
    }
}
