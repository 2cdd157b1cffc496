using System.Buffers.Text;
using System.Text;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Sensors.Cameras.Streams;

/// <summary>Finds the pictures in an endless answer of JPEG pictures, as network cameras send it.</summary>
/// <remarks>
/// By the pictures' own markers alone. Boundaries and lengths differ from camera to camera and are wrong in some: with
/// and without dashes, quoted, other than announced, lengths too small, too large or none; some send no parts at all.
/// What is between two pictures is passed over. So a picture is given out when its last byte is there, not when the
/// next begins. Reuses its memory from picture to picture.
/// </remarks>
/// <param name="stream">The answer's content.</param>
/// <param name="arrivedNs">When the bytes read last could have been read, monotonic nanoseconds.</param>
internal sealed class MotionJpegReader(Stream stream, Func<long> arrivedNs)
{
    /// <summary>The largest picture in bytes; what goes on for longer is none.</summary>
    public const int MaximumPicture = 32 * 1024 * 1024;

    // Of what is between two pictures so much is kept, to find a time in it.
    private const int MaximumHeader = 4_096;

    private readonly JpegFinder _finder = new();
    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _search;
    private int _end;
    private bool _inPicture;
    private long _firstByteNs;
    private int _fills;
    private int _firstFill;
    private double? _cameraSeconds;

    /// <summary>Pictures that broke off, or whose markers made no sense.</summary>
    public long Broken { get; private set; }

    /// <summary>Reads up to the end of the next picture.</summary>
    /// <param name="arrival">How it came.</param>
    /// <returns>The picture from its first marker to its last; valid until the next call.</returns>
    /// <exception cref="IOException">The connection broke, ended (<see cref="EndOfStreamException"/>) or fell
    /// silent.</exception>
    /// <exception cref="TimeoutException">The stream's deadline passed.</exception>
    public ReadOnlySpan<byte> Next(out PictureArrival arrival)
    {
        while (true)
        {
            if (!_inPicture && !TryBegin())
            {
                Fill();
                continue;
            }

            switch (_finder.Advance(_buffer.AsSpan(_start, _end - _start), out var end))
            {
                case JpegFinder.Outcome.Whole:
                    var picture = _buffer.AsSpan(_start, end);
                    arrival = new PictureArrival(
                        _firstByteNs,
                        arrivedNs(),
                        end,
                        _fills - _firstFill + 1,
                        _cameraSeconds
                    );
                    GoOn(end);
                    return picture;

                case JpegFinder.Outcome.Broken:
                    Broken++;
                    GoOn(end);
                    break;

                default:
                    if (_end - _start < MaximumPicture)
                    {
                        Fill();
                        break;
                    }

                    Broken++;
                    GoOn(_end - _start);
                    break;
            }
        }
    }

    private void GoOn(int from)
    {
        _start += from;
        _search = _start;
        _inPicture = false;
    }

    /// <summary>Looks for the beginning of a picture in what has arrived.</summary>
    private bool TryBegin()
    {
        ReadOnlySpan<byte> beginning = [JpegMarker.Prefix, JpegMarker.StartOfImage, JpegMarker.Prefix];
        var found = _buffer.AsSpan(_search, _end - _search).IndexOf(beginning);
        if (found < 0)
        {
            // The beginning may have arrived in part.
            _search = Math.Max(_search, _end - (beginning.Length - 1));
            _start = Math.Max(_start, _search - MaximumHeader);
            return false;
        }

        _cameraSeconds = FindTime(_buffer.AsSpan(_start, _search + found - _start));
        _start = _search + found;
        (_firstByteNs, _firstFill) = (arrivedNs(), _fills);
        _inPicture = true;
        _finder.Begin();
        return true;
    }

    /// <summary>The camera's own time of a picture, in seconds, from the header that several programs send.</summary>
    private static double? FindTime(ReadOnlySpan<byte> header)
    {
        const string name = "X-Timestamp:";
        // Whole seconds place nothing.
        const int leastDecimals = 3;
        for (; header.Length > name.Length; header = header[1..])
        {
            var next = header.IndexOfAny((byte)'X', (byte)'x');
            if (next < 0)
                return null;
            header = header[next..];
            if (header.Length <= name.Length || !Ascii.EqualsIgnoreCase(header[..name.Length], name))
                continue;

            var text = header[name.Length..].TrimStart((byte)' ');
            return
                Utf8Parser.TryParse(text, out double seconds, out var length)
                && double.IsFinite(seconds)
                && seconds is > 0 and < 1e10
                && length - 1 - text[..length].IndexOf((byte)'.') >= leastDecimals
                && text[..length].Contains((byte)'.')
                ? seconds
                : null;
        }

        return null;
    }

    private void Fill()
    {
        if (_end == _buffer.Length)
        {
            var target = _start > 0 ? _buffer : new byte[_buffer.Length * 2];
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            (_buffer, _search, _start, _end) = (target, _search - _start, 0, _end - _start);
        }

        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        if (read == 0)
            throw new EndOfStreamException();
        _end += read;
        _fills++;
    }
}
