using OpenCvSharp;
using OpenCvSharp.Internal;

namespace Vla.Sensors.Images;

/// <summary>OpenCV's resize from any picture into one picture of its own, without allocating in steady state.</summary>
/// <remarks>
/// OpenCvSharp's <c>Cv2.Resize</c> makes two objects with finalizers for every call and lets none of them be used
/// again. Here they are kept: one for the result, one for each of the two pictures that a camera gives in turn.
/// </remarks>
internal sealed class Resizer(InterpolationFlags interpolation) : IDisposable
{
    private readonly (Mat? Picture, InputArray? Handle)[] _sources = new (Mat?, InputArray?)[2];
    private readonly Mat _result = new();
    private OutputArray? _target;
    private int _oldest;

    /// <param name="picture">Not empty.</param>
    /// <param name="size">In pixels.</param>
    /// <returns>Owned by this object; overwritten by the next call.</returns>
    public Mat Resize(Mat picture, Size size)
    {
        var source = HandleOf(picture);
        _target ??= OutputArray.Create(_result);
        NativeMethods.HandleException(
            NativeMethods.imgproc_resize(source.CvPtr, _target.CvPtr, size, 0, 0, (int)interpolation)
        );
        GC.KeepAlive(picture);
        return _result;
    }

    public void Dispose()
    {
        foreach (var (_, handle) in _sources)
            handle?.Dispose();
        _target?.Dispose();
        _result.Dispose();
    }

    private InputArray HandleOf(Mat picture)
    {
        foreach (var (known, handle) in _sources)
            if (ReferenceEquals(known, picture))
                return handle!;

        ref var place = ref _sources[_oldest];
        _oldest = (_oldest + 1) % _sources.Length;
        place.Handle?.Dispose();
        place = (picture, InputArray.Create(picture));
        return place.Handle;
    }
}
