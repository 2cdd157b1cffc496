using OpenCvSharp;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;

namespace Vla.Runtime.Serving;

/// <summary>
/// Makes one of a policy's pictures from an array: bytes or values of 0 to 1, channels last or first.
/// </summary>
/// <remarks>Keeps its working memory from call to call: one instance for each thread.</remarks>
/// <param name="path">What it is called in messages.</param>
/// <param name="spec">What the policy wants.</param>
internal sealed class ServedPicture(string path, ImageSpec spec) : IDisposable
{
    private const int Channels = 3;

    private readonly ImagePreparation _preparation = new(spec);
    private readonly FramePool _frames = new(spec);
    private readonly Mat _bgr = new();
    private byte[] _bytes = [];
    private float[] _values = [];

    public string Path => path;

    /// <summary>Whether an array can be a picture.</summary>
    /// <exception cref="WireException">It cannot; in words.</exception>
    public static void Check(string path, NumpyArray array) => Layout(path, array);

    /// <summary>The bytes of a picture that came as a file, PNG or JPEG.</summary>
    /// <exception cref="WireException">It is none; in words.</exception>
    public unsafe NumpyArray Decode(ReadOnlyMemory<byte> file)
    {
        Mat bgr;
        try
        {
            // Before it is decoded: a few bytes can say that they are a picture of any size.
            var header = PictureHeader.Read(file.Span);
            if (header.Height > WireLimits.LargestSide || header.Width > WireLimits.LargestSide)
                throw new WireException(
                    $"{path} is a picture of {header.Width}x{header.Height}: each side may have "
                        + $"{WireLimits.LargestSide}"
                );
            bgr = PictureDecoder.Decode(file.Span);
        }
        catch (PictureException e)
        {
            throw new WireException($"{path}: {e.Message}", e);
        }

        using (bgr)
        {
            using var rgb = new Mat();
            Cv2.CvtColor(
                bgr,
                rgb,
                bgr.Channels() switch
                {
                    1 => ColorConversionCodes.GRAY2RGB,
                    4 => ColorConversionCodes.BGRA2RGB,
                    _ => ColorConversionCodes.BGR2RGB,
                }
            );
            var bytes = new byte[rgb.Rows * rgb.Cols * Channels];
            new ReadOnlySpan<byte>((byte*)rgb.Ptr(0), bytes.Length).CopyTo(bytes);
            return NumpyArray.Of("|u1", [rgb.Rows, rgb.Cols, Channels], bytes, path);
        }
    }

    /// <exception cref="WireException">It is no picture; in words.</exception>
    public unsafe Frame Make(NumpyArray array, long sequence, long nowNs)
    {
        var (height, width, isFirst) = Layout(path, array);
        var rgb = array.IsBytes && !isFirst ? array.Data.Span : Bytes(array, height, width, isFirst);
        fixed (byte* start = rgb)
        {
            using var picture = Mat.FromPixelData(height, width, MatType.CV_8UC3, (nint)start);
            Cv2.CvtColor(picture, _bgr, ColorConversionCodes.RGB2BGR);
        }

        var frame = _frames.Rent();
        _preparation.Prepare(_bgr, frame.Pixels);
        (frame.Sequence, frame.CapturedNs, frame.PreparedNs) = (sequence, nowNs, nowNs);
        return frame;
    }

    public void Dispose()
    {
        _preparation.Dispose();
        _bgr.Dispose();
    }

    private static (int Height, int Width, bool IsFirst) Layout(string path, NumpyArray array)
    {
        // A batch of one is one, and so is one moment.
        int[] shape = [.. array.Shape];
        while (shape is [1, _, _, _, ..])
            shape = shape[1..];
        var (height, width, isFirst) = shape switch
        {
            [var rows, var columns, Channels] => (rows, columns, false),
            [Channels, var rows, var columns] => (rows, columns, true),
            _ => (0, 0, false),
        };
        var isOfNumbers = array.IsBytes || array.Kind == 'f';
        if (!isOfNumbers || height is < 1 or > WireLimits.LargestSide || width is < 1 or > WireLimits.LargestSide)
        {
            throw new WireException(
                $"{path} is {array.Describe()}: a picture is [height, width, 3] or [3, height, width], RGB, of bytes "
                    + $"(u1) or of values from 0 to 1 (f4), each side up to {WireLimits.LargestSide}"
            );
        }

        return (height, width, isFirst);
    }

    private ReadOnlySpan<byte> Bytes(NumpyArray array, int height, int width, bool isFirst)
    {
        if (_bytes.Length != array.Count)
            _bytes = new byte[array.Count];
        var source = array.Data.Span;
        if (!array.IsBytes)
        {
            if (_values.Length != array.Count)
                _values = new float[array.Count];
            array.CopyTo(_values);
        }

        var plane = height * width;
        for (var i = 0; i < _bytes.Length; i++)
        {
            var from = isFirst ? i % Channels * plane + i / Channels : i;
            _bytes[i] = array.IsBytes ? source[from] : ToByte(_values[from]);
        }

        return _bytes;
    }

    private byte ToByte(float value) =>
        value is >= 0 and <= 1
            ? (byte)(value * byte.MaxValue + 0.5f)
            : throw new WireException($"{path} holds {value}: the values of a picture of numbers are from 0 to 1");
}
