using OpenCvSharp;

namespace Vla.Sensors.Images;

/// <summary>The largest part around the middle of a picture that has a wanted shape; nothing is copied.</summary>
/// <remarks>
/// Parts are kept, one for each of the two pictures that a camera gives in turn, and made anew only when a picture has
/// moved in memory or changed its size.
/// </remarks>
internal sealed class CentreCrop(Size shape) : IDisposable
{
    private readonly (Mat? Whole, Mat? Part, nint Data, Size Size)[] _parts = new (Mat?, Mat?, nint, Size)[2];
    private int _oldest;

    /// <summary>Where the part lies in a picture of some size.</summary>
    public static Rect Within(Size picture, Size shape)
    {
        var isWide = (long)picture.Width * shape.Height > (long)picture.Height * shape.Width;
        var width = isWide ? Share(picture.Height, shape.Width, shape.Height) : picture.Width;
        var height = isWide ? picture.Height : Share(picture.Width, shape.Height, shape.Width);
        return new Rect((picture.Width - width) / 2, (picture.Height - height) / 2, width, height);
    }

    /// <param name="picture">Not empty.</param>
    /// <returns>A view of the picture's own memory, or the picture itself where it has the shape; owned by this
    /// object.</returns>
    public Mat Of(Mat picture)
    {
        var size = picture.Size();
        var within = Within(size, shape);
        if (within.Size == size)
            return picture;

        foreach (var known in _parts)
            if (
                ReferenceEquals(known.Whole, picture)
                && known.Data == picture.Data
                && known.Size == size
                && SameType(known.Part!, picture)
            )
                return known.Part!;

        ref var place = ref _parts[_oldest];
        _oldest = (_oldest + 1) % _parts.Length;
        place.Part?.Dispose();
        place = (picture, new Mat(picture, within), picture.Data, size);
        return place.Part;
    }

    public void Dispose()
    {
        foreach (var known in _parts)
            known.Part?.Dispose();
    }

    private static bool SameType(Mat one, Mat other) => one.Type() == other.Type();

    private static int Share(int length, int part, int whole) =>
        Math.Max(1, (int)Math.Round((double)length * part / whole));
}
