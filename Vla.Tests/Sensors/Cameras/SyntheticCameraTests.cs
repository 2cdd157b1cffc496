using Microsoft.Extensions.Time.Testing;
using OpenCvSharp;
using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Sensors.Cameras;

public sealed class SyntheticCameraTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Pictures_have_the_size_asked_for()
    {
        using var camera = Open(new CameraSource.Synthetic(320, 200, 25));
        using var picture = new Mat();

        camera.Read(picture);

        Assert.Equal((320, 200), (picture.Width, picture.Height));
        Assert.Equal(MatType.CV_8UC3, picture.Type());
        Assert.Equal(new CameraDescription("synthetic", 320, 200, 25), camera.Description);
    }

    [Fact]
    public void Pictures_keep_their_rate_over_a_long_time()
    {
        using var camera = Open(new CameraSource.Synthetic(32, 24, 30));
        using var picture = new Mat();
        var startNs = camera.Read(picture);

        var capturedNs = startNs;
        for (var n = 0; n < 3_000; n++)
            capturedNs = camera.Read(picture);

        Assert.Equal(startNs + 100 * MonotonicTime.NsPerSecond, capturedNs);
    }

    [Fact]
    public void A_reader_that_is_late_misses_pictures()
    {
        using var camera = Open(new CameraSource.Synthetic(32, 24, 10));
        using var picture = new Mat();
        var startNs = camera.Read(picture);

        _time.Advance(TimeSpan.FromMilliseconds(550));

        Assert.Equal(startNs + 500 * MonotonicTime.NsPerMs, camera.Read(picture));
        Assert.Equal(startNs + 600 * MonotonicTime.NsPerMs, camera.Read(picture));
    }

    [Fact]
    public void The_scene_moves_and_is_the_same_at_the_same_time()
    {
        using var first = Open(new CameraSource.Synthetic());
        using var second = Open(new CameraSource.Synthetic());
        using var picture = new Mat();
        using var same = new Mat();
        using var later = new Mat();

        first.Read(picture);
        second.Read(same);
        second.Read(later);

        Assert.Equal(0, Cv2.Norm(picture, same));
        Assert.NotEqual(0, Cv2.Norm(picture, later));
    }

    [Fact]
    public void Even_the_smallest_picture_can_be_drawn()
    {
        using var scene = new SyntheticScene(1, 1);
        using var picture = new Mat();

        for (var second = 0; second < 20; second++)
            scene.Draw(picture, second, second + 0.5);

        Assert.Equal(1, picture.Width);
    }

    private SyntheticCamera Open(CameraSource.Synthetic source) =>
        new(source, _time, duration => _time.Advance(duration));
}
