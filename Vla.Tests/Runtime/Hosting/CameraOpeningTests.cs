using Microsoft.Extensions.Time.Testing;
using OpenCvSharp;
using Vla.Runtime.Hosting;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Runtime.Hosting;

public sealed class CameraOpeningTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _hung = new();

    [Fact]
    public async Task Several_cameras_open_at_the_same_time()
    {
        using var both = new Barrier(2);
        ICamera[] cameras = [new Dummy(), new Dummy()];

        var opened = await CameraOpening.OpenAllAsync(
            cameras.Select(camera => ("dummy", (Func<ICamera>)(() => Meet(camera)))),
            TimeSpan.Zero,
            _time,
            CancellationToken.None
        );

        Assert.Equal(cameras, opened);

        // One after the other, the first would wait in vain for the second.
        ICamera Meet(ICamera camera) =>
            both.SignalAndWait(TimeSpan.FromSeconds(20)) ? camera : throw new CameraException("alone");
    }

    [Fact]
    public async Task When_one_of_several_cannot_be_opened_the_others_are_closed_and_it_is_said_at_once()
    {
        var open = new Dummy();
        var late = new Dummy();

        Assert.Equal(
            "no film in it",
            (
                await Assert.ThrowsAsync<CameraException>(() =>
                    CameraOpening.OpenAllAsync(
                        [
                            ("good", () => open),
                            ("late", () => Hang(late)),
                            ("bad", () => throw new CameraException("no film in it")),
                        ],
                        TimeSpan.Zero,
                        _time,
                        CancellationToken.None
                    )
                )
            ).Message
        );

        await open.Closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
        _hung.SetResult();
        await late.Closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_camera_that_opens_is_handed_over()
    {
        using var camera = new Dummy();

        Assert.Same(
            camera,
            await CameraOpening.OpenAsync(() => camera, "dummy", TimeSpan.Zero, _time, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Why_a_camera_does_not_open_is_what_it_says() =>
        Assert.Equal(
            "no film in it",
            (
                await Assert.ThrowsAsync<CameraException>(() =>
                    CameraOpening.OpenAsync(
                        () => throw new CameraException("no film in it"),
                        "dummy",
                        TimeSpan.Zero,
                        _time,
                        CancellationToken.None
                    )
                )
            ).Message
        );

    [Fact]
    public async Task Whoever_is_told_to_end_does_not_wait_for_a_camera_that_hangs_and_closes_it_when_it_comes()
    {
        var camera = new Dummy();
        using var end = new CancellationTokenSource();
        var opening = CameraOpening.OpenAsync(() => Hang(camera), "dummy", TimeSpan.Zero, _time, end.Token);

        await end.CancelAsync();

        Assert.Null(await opening);
        _hung.SetResult();
        await camera.Closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_camera_that_hangs_is_given_up_and_named()
    {
        var opening = CameraOpening.OpenAsync(
            () => Hang(new Dummy()),
            "dummy",
            TimeSpan.Zero,
            _time,
            CancellationToken.None
        );

        _time.Advance(CameraOpening.Limit);

        Assert.Contains(
            "camera 'dummy' neither opens nor fails in 15 s",
            (await Assert.ThrowsAsync<CameraException>(() => opening)).Message,
            StringComparison.Ordinal
        );
        _hung.SetResult();
    }

    [Fact]
    public async Task The_run_s_time_goes_on_while_a_camera_opens()
    {
        var opening = CameraOpening.OpenAsync(
            () => Hang(new Dummy()),
            "dummy",
            TimeSpan.FromSeconds(3),
            _time,
            CancellationToken.None
        );

        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Contains(
            "had not opened when the run's time of 3 s was over",
            (await Assert.ThrowsAsync<CameraException>(() => opening)).Message,
            StringComparison.Ordinal
        );
        _hung.SetResult();
    }

    private Dummy Hang(Dummy camera)
    {
        _hung.Task.GetAwaiter().GetResult();
        return camera;
    }

    private sealed class Dummy : ICamera
    {
        public TaskCompletionSource Closed { get; } = new();

        public CameraDescription Description { get; } = new("dummy", 1, 1, 1);

        public long Read(Mat picture) => throw new NotSupportedException();

        public void Dispose() => Closed.TrySetResult();
    }
}
