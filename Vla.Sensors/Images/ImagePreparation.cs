using OpenCvSharp;

namespace Vla.Sensors.Images;

/// <summary>
/// Turns camera pictures into what a policy's vision encoder wants: its size, RGB, normalised floats.
/// </summary>
/// <remarks>
/// <para>
/// The whole picture, or its middle part of the wanted shape (<see cref="ImageFit"/>), is resized in two steps, to the
/// wanted size or to the part of it that a picture on black fills, unless the policy wants its own code's way exactly
/// (<see cref="ImageSampling"/>, <see cref="SampledPicture"/>). First
/// whole blocks of pixels are averaged, as long as the result is not too small: bilinear alone would skip pixels and
/// let fine texture flicker, which is why torchvision shrinks with <c>antialias=True</c>. Then bilinear with half-pixel
/// centres, PyTorch's <c>interpolate(mode="bilinear", align_corners=False)</c>, in OpenCV's bit-exact variant: the same
/// picture gives the same numbers on every machine. Averaging over fractions of pixels (<c>INTER_AREA</c> in one step)
/// looks the same and takes several times as long.
/// </para>
/// <para>
/// Normalising goes through a table of 256 values a channel, filled in PyTorch's order of single-precision operations
/// (ToTensor, then Normalize), so it rounds as training did.
/// </para>
/// <para>Keeps its working memory from call to call: one instance for each thread.</para>
/// </remarks>
public sealed class ImagePreparation : IDisposable
{
    private const int Channels = 3;

    private readonly float[] _red;
    private readonly float[] _green;
    private readonly float[] _blue;
    private readonly Size _size;
    private readonly CentreCrop? _crop;
    private readonly bool _isCentred;
    private readonly ImageSpec _spec;
    private readonly SampledPicture? _sampled;
    private readonly Resizer _averaging = new(InterpolationFlags.Area);
    private readonly Resizer _resizing = new(InterpolationFlags.LinearExact);
    private readonly Mat _colour = new();

    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    /// <exception cref="ArgumentException">Mean and std are not three values each, or fit and sampling do not go
    /// together.</exception>
    public ImagePreparation(ImageSpec spec)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(spec.Height, nameof(spec));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(spec.Width, nameof(spec));
        if (spec.Mean.Count != Channels || spec.Std.Count != Channels)
            throw new ArgumentException("mean and std need three values each, in RGB order", nameof(spec));

        if (spec is { Sampling: ImageSampling.Averaged, Fit: ImageFit.Pad or ImageFit.Letterbox })
            throw new ArgumentException($"{spec.Fit} wants a sampling of its own", nameof(spec));
        if (spec is { Sampling: not ImageSampling.Averaged, Fit: ImageFit.Centre })
            throw new ArgumentException($"{spec.Fit} goes with {ImageSampling.Averaged} alone", nameof(spec));

        _spec = spec;
        _sampled = spec.Sampling == ImageSampling.Averaged ? null : new SampledPicture(spec);
        _size = new Size(spec.Width, spec.Height);
        _crop = spec.Fit == ImageFit.Crop ? new CentreCrop(_size) : null;
        _isCentred = spec.Fit == ImageFit.Centre;
        _red = Table(spec.Mean[0], spec.Std[0]);
        _green = Table(spec.Mean[1], spec.Std[1]);
        _blue = Table(spec.Mean[2], spec.Std[2]);
    }

    /// <summary>Prepares one picture.</summary>
    /// <param name="bgr">8 bits a channel, any size: BGR, BGRA (alpha is dropped) or grey; may be part of
    /// another.</param>
    /// <param name="hwcRgb">Receives [height, width, 3], RGB, as <see cref="ImageSpec"/> describes.</param>
    /// <exception cref="ArgumentException">The picture is empty or of another kind, or the memory has another
    /// length.</exception>
    public void Prepare(Mat bgr, Span<float> hwcRgb)
    {
        if (_sampled is null)
            Normalise(Shaped(bgr, hwcRgb.Length, out var within), within, hwcRgb);
        else
            NormaliseSampled(Sampled(_sampled, bgr, hwcRgb.Length), hwcRgb);
    }

    /// <summary>The picture before its bytes become numbers, as training data keeps it.</summary>
    /// <param name="bgr">As for <see cref="Prepare"/>.</param>
    /// <param name="hwcRgb">Receives [height, width, 3], RGB, 0 to 255.</param>
    /// <exception cref="ArgumentException">The picture is empty or not 8 bits a channel, or
    /// <paramref name="hwcRgb"/> has another length.</exception>
    public unsafe void PrepareBytes(Mat bgr, Span<byte> hwcRgb)
    {
        if (_sampled is not null)
        {
            var sampled = Sampled(_sampled, bgr, hwcRgb.Length);
            for (var i = 0; i < sampled.Length; i += Channels)
            {
                for (var c = 0; c < Channels; c++)
                    hwcRgb[i + c] = (byte)Math.Round(sampled[i + Channels - 1 - c]);
            }

            return;
        }

        var picture = Shaped(bgr, hwcRgb.Length, out var within);
        if (within.Size != _size)
            hwcRgb.Clear();
        var rowLength = within.Width * Channels;
        for (var y = 0; y < within.Height; y++)
        {
            var source = new ReadOnlySpan<byte>((byte*)picture.Ptr(y), rowLength);
            var row = hwcRgb.Slice(PlaceOf(within, y), rowLength);
            for (var i = 0; i + 2 < rowLength; i += Channels)
                (row[i], row[i + 1], row[i + 2]) = (source[i + 2], source[i + 1], source[i]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _crop?.Dispose();
        _averaging.Dispose();
        _resizing.Dispose();
        _colour.Dispose();
    }

    private unsafe ReadOnlySpan<float> Sampled(SampledPicture sampled, Mat bgr, int length)
    {
        Require(bgr, length);
        var picture = ThreeChannels(bgr);
        var (rows, rowBytes) = (picture.Rows, (int)picture.Step());
        // The last row of a part of a larger picture may end with it.
        var bytes = (rows - 1) * rowBytes + picture.Cols * Channels;
        return sampled.Of(new ReadOnlySpan<byte>((byte*)picture.Ptr(0), bytes), rowBytes, picture.Cols, rows);
    }

    // Cropped, resized and of three channels, for memory of so many values; and which part of that it fills.
    private Mat Shaped(Mat bgr, int length, out Rect within)
    {
        Require(bgr, length);
        within = _isCentred ? Centred.Within(bgr.Size(), _size) : new Rect(default, _size);
        return ThreeChannels(Resized(_crop?.Of(bgr) ?? bgr, within.Size));
    }

    private void Require(Mat bgr, int length)
    {
        if (bgr.Empty())
            throw new ArgumentException("the picture is empty", nameof(bgr));
        if (bgr.Depth() != MatType.CV_8U)
            throw new ArgumentException($"a picture of type {bgr.Type()} is not 8 bits a channel", nameof(bgr));
        if (length != _size.Width * _size.Height * Channels)
            throw new ArgumentException(
                $"{_size.Height}×{_size.Width}×{Channels} values do not fit into {length}",
                nameof(length)
            );
    }

    private Mat Resized(Mat picture, Size wanted)
    {
        var size = picture.Size();
        var averaged = new Size(WholeShare(size.Width, wanted.Width), WholeShare(size.Height, wanted.Height));
        if (averaged != size)
            picture = _averaging.Resize(picture, averaged);
        return averaged == wanted ? picture : _resizing.Resize(picture, wanted);
    }

    // Where a row of what a picture fills begins among all values.
    private int PlaceOf(Rect within, int y) => ((within.Y + y) * _size.Width + within.X) * Channels;

    // The smallest whole share of a length that is no shorter than wanted: of 640 for 224, that is half, 320.
    private static int WholeShare(int length, int wanted)
    {
        for (var divisor = length / wanted; divisor > 1; divisor--)
            if (length % divisor == 0)
                return length / divisor;
        return length;
    }

    // After resizing: a webcam picture has several times as many pixels as the policy wants.
    private Mat ThreeChannels(Mat picture)
    {
        var channels = picture.Channels();
        if (channels == Channels)
            return picture;

        Cv2.CvtColor(
            picture,
            _colour,
            channels switch
            {
                1 => ColorConversionCodes.GRAY2BGR,
                4 => ColorConversionCodes.BGRA2BGR,
                _ => throw new ArgumentException(
                    $"a picture of {channels} channels is neither grey, BGR nor BGRA",
                    nameof(picture)
                ),
            }
        );
        return _colour;
    }

    private unsafe void Normalise(Mat picture, Rect within, Span<float> target)
    {
        if (within.Size != _size)
            Blacken(target);
        var rowLength = within.Width * Channels;
        for (var y = 0; y < within.Height; y++)
        {
            // Row by row: the rows of a part of a larger picture do not follow one another in memory.
            var source = new ReadOnlySpan<byte>((byte*)picture.Ptr(y), rowLength);
            var row = target.Slice(PlaceOf(within, y), rowLength);
            for (var i = 0; i + 2 < rowLength; i += Channels)
            {
                row[i] = _red[source[i + 2]];
                row[i + 1] = _green[source[i + 1]];
                row[i + 2] = _blue[source[i]];
            }
        }
    }

    private void NormaliseSampled(ReadOnlySpan<float> bgr, Span<float> target)
    {
        var (mean, std) = (_spec.Mean, _spec.Std);
        for (var i = 0; i < bgr.Length; i += Channels)
        {
            for (var c = 0; c < Channels; c++)
                target[i + c] = (bgr[i + Channels - 1 - c] / 255f - mean[c]) / std[c];
        }
    }

    private void Blacken(Span<float> target)
    {
        for (var i = 0; i + 2 < target.Length; i += Channels)
            (target[i], target[i + 1], target[i + 2]) = (_red[0], _green[0], _blue[0]);
    }

    private static float[] Table(float mean, float std)
    {
        var table = new float[256];
        for (var value = 0; value < table.Length; value++)
            table[value] = (value / 255f - mean) / std;
        return table;
    }
}
