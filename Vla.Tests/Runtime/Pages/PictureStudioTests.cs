using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Actors.Cameras;
using Vla.Runtime.Pages;
using Vla.Runtime.Registries;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;

namespace Vla.Tests.Runtime.Pages;

public sealed class PictureStudioTests : IDisposable
{
    private static readonly ImageSpec Small = new(12, 16, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CameraMonitor _camera = new();
    private readonly PictureStudio _studio;
    private CameraCapture? _capture;

    public PictureStudioTests() =>
        _studio = new(_camera, Small, TimeProvider.System, NullLogger<PictureStudio>.Instance);

    public void Dispose()
    {
        _capture?.Dispose();
        _studio.Dispose();
    }

    [Fact]
    public async Task Whoever_asks_gets_newer_and_newer_pictures_as_the_camera_and_as_the_policy_see_them()
    {
        Watch("synthetic?size=1280x720&fps=60");

        var first = await NextAsync(0);
        var second = await NextAsync(first.Sequence);

        Assert.True(second.Sequence > first.Sequence);
        Assert.True(second.CapturedNs > first.CapturedNs);
        using var raw = Cv2.ImDecode(second.Raw, ImreadModes.Color);
        using var policy = Cv2.ImDecode(second.Policy, ImreadModes.Color);
        Assert.Equal((640, 360), (raw.Width, raw.Height));
        Assert.Equal((16, 12), (policy.Width, policy.Height));
        // The same picture: blue, green and red are where they were, whatever normalising did in between.
        var (seen, given) = (raw.Mean(), policy.Mean());
        Assert.Equal(seen.Val0, given.Val0, 6.0);
        Assert.Equal(seen.Val1, given.Val1, 6.0);
        Assert.Equal(seen.Val2, given.Val2, 6.0);
    }

    [Fact]
    public async Task Without_a_camera_there_is_no_picture_and_no_error()
    {
        await _studio.StartAsync(CancellationToken.None);
        Assert.Null(await _studio.AfterAsync(0, CancellationToken.None));
    }

    [Fact]
    public async Task Nothing_is_made_while_nobody_asks()
    {
        Watch("synthetic");
        await NextAsync(0);
        var newest = _camera.Frames;
        Assert.True(
            SpinWait.SpinUntil(() => _camera.Frames > newest + 10, Patience),
            "the camera gives no more pictures"
        );

        // The first picture after a rest is not the one from before it.
        Assert.True((await NextAsync(0)).Sequence > newest);
    }

    private void Watch(string source)
    {
        OpenCvSharpLoaded();
        _capture = new CameraCapture(
            () => CameraRegistry.Parse(source).Open(TimeProvider.System),
            new FramePool(Small),
            TimeProvider.System,
            0,
            new Counting(_camera)
        );
        _camera.Capture = _capture;
        _capture.Start();
        _ = _studio.StartAsync(CancellationToken.None);
    }

    private static void OpenCvSharpLoaded() => Vla.Sensors.OpenCvNative.EnsureLoaded();

    private async Task<CameraPictures> NextAsync(long after)
    {
        using var end = new CancellationTokenSource(Patience);
        while (!end.IsCancellationRequested)
        {
            if (await _studio.AfterAsync(after, end.Token) is { } pictures)
                return pictures;
        }

        throw new TimeoutException($"no picture after number {after} came");
    }

    private sealed class Counting(CameraMonitor monitor) : ICaptureEvents
    {
        public void Opened(CameraDescription camera) { }

        public void FrameArrived(long sequence) => monitor.Frames = sequence;

        public void Ended(CameraException reason) { }
    }
}
