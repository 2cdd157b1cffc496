using OpenCvSharp;
using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Bench;

/// <summary>A few pictures, drawn beforehand, for whoever must not wait for a camera.</summary>
internal sealed class PreparedPictures : IDisposable
{
    public const int Width = 640;
    public const int Height = 480;
    private const int Count = 8;

    private readonly Mat[] _pictures = new Mat[Count];

    public PreparedPictures()
    {
        using var scene = new CameraSource.Synthetic(Width, Height, Fps: 1_000).Open(TimeProvider.System);
        for (var i = 0; i < Count; i++)
            scene.Read(_pictures[i] = new Mat());
    }

    /// <summary>How many different ones there are.</summary>
    public static int Length => Count;

    /// <summary>BGR, 8 bits; picture <paramref name="number"/> modulo <see cref="Length"/>.</summary>
    public Mat this[long number] => _pictures[number % Count];

    /// <summary>A camera that gives these pictures in turn, each at once when its turn has come.</summary>
    public ICamera AsCamera(PicturePace pace) => new Camera(this, pace);

    public void Dispose()
    {
        foreach (var picture in _pictures)
            picture.Dispose();
    }

    private sealed class Camera(PreparedPictures pictures, PicturePace pace) : ICamera
    {
        private long _next;

        public CameraDescription Description { get; } = new("prepared pictures", Width, Height, 0);

        public long Read(Mat picture)
        {
            if (!pace.Wait())
                throw new CameraEndedException("the measurement is over");
            pictures[_next++].CopyTo(picture);
            return TimeProvider.System.NowNs();
        }

        public void Dispose() { }
    }
}
