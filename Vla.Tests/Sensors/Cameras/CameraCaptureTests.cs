using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using OpenCvSharp;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;

namespace Vla.Tests.Sensors.Cameras;

public sealed class CameraCaptureTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FramePool _pool = new(new ImageSpec(4, 5, [0, 0, 0], [1, 1, 1]));
    private readonly ScriptedCamera _camera = new();
    private readonly RecordedEvents _events = new();
    private CameraCapture? _capture;

    [Fact]
    public void A_picture_becomes_a_prepared_frame_with_its_stamps()
    {
        var capture = Start();

        _camera.Show(grey: 51, capturedNs: 7);

        Assert.Equal(ScriptedCamera.What, _events.TakeOpened());
        Assert.Equal(1, _events.TakeArrived());
        using var frame = capture.TakeNewest();
        Assert.NotNull(frame);
        Assert.Equal((1, 7, _time.NowNs()), (frame.Sequence, frame.CapturedNs, frame.PreparedNs));
        Assert.Equal(4 * 5 * 3, frame.Pixels.Length);
        Assert.All(frame.Pixels, value => Assert.Equal(51 / 255f, value));
    }

    [Fact]
    public void A_frame_is_handed_over_once()
    {
        var capture = Start();
        Assert.Null(capture.TakeNewest());
        _camera.Show(grey: 1, capturedNs: 1);
        _events.TakeArrived();

        capture.TakeNewest()!.Dispose();

        Assert.Null(capture.TakeNewest());
        Assert.Equal(0, capture.Replaced);
    }

    [Fact]
    public void Only_the_newest_frame_is_kept_and_the_others_go_back_to_the_pool()
    {
        var capture = Start();
        for (var n = 1; n <= 5; n++)
        {
            _camera.Show(grey: n, capturedNs: n);
            Assert.Equal(n, _events.TakeArrived());
        }

        Assert.Equal(4, capture.Replaced);
        Assert.Equal(1, _pool.Lent);
        using var frame = capture.TakeNewest();
        Assert.Equal(5, frame!.CapturedNs);
    }

    [Fact]
    public void Numbers_go_on_after_those_of_an_earlier_capture()
    {
        Start(lastSequence: 41);

        _camera.Show(grey: 0, capturedNs: 1);

        Assert.Equal(42, _events.TakeArrived());
    }

    [Fact]
    public void A_lost_camera_is_closed_and_then_reported()
    {
        Start();
        _events.ClosedBeforeEnd = () => _camera.Closed.IsSet;

        _camera.Fail(new CameraLostException("unplugged"));

        Assert.Equal("unplugged", Assert.IsType<CameraLostException>(_events.TakeEnded()).Message);
        Assert.True(_events.WasClosedBeforeEnd);
    }

    [Fact]
    public void A_camera_that_cannot_be_opened_is_reported()
    {
        using var capture = new CameraCapture(() => throw new CameraException("not there"), _pool, _time, 0, _events);
        capture.Start();

        Assert.Equal("not there", _events.TakeEnded().Message);
    }

    [Fact]
    public void Whatever_else_a_camera_throws_ends_the_capture_and_not_the_process()
    {
        Start();

        _camera.Fail(new InvalidOperationException("codec trouble"));

        Assert.Contains(
            "codec trouble",
            Assert.IsType<CameraLostException>(_events.TakeEnded()).Message,
            StringComparison.Ordinal
        );
        Assert.True(_camera.Closed.IsSet);
    }

    [Fact]
    public void A_picture_that_cannot_be_prepared_costs_no_frame()
    {
        Start();

        _camera.Do(_ => 1); // writes no picture at all

        _events.TakeEnded();
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void Disposing_closes_the_camera_and_returns_the_frame_that_nobody_took()
    {
        var capture = Start();
        _camera.Show(grey: 1, capturedNs: 1);
        _events.TakeArrived();
        _camera.Show(grey: 2, capturedNs: 2);
        _events.TakeArrived();

        _camera.ReleaseReader();
        capture.Dispose();
        capture.Dispose();

        Assert.True(_camera.Closed.IsSet);
        Assert.Equal(0, _pool.Lent);
        Assert.Null(capture.TakeNewest());
        Assert.False(_events.HasEnded);
    }

    [Fact]
    public void Disposing_without_having_started_does_nothing()
    {
        using var capture = new CameraCapture(() => _camera, _pool, _time, 0, _events);
        capture.Dispose();

        Assert.False(_events.HasEnded);
    }

    [Fact]
    public void The_newest_picture_can_be_copied_as_the_camera_gave_it()
    {
        var capture = Start();
        using var picture = new Mat();
        Assert.False(capture.TryCopyPicture(picture, out _));

        _camera.Show(grey: 10, capturedNs: 1);
        _events.TakeArrived();
        _camera.Show(grey: 20, capturedNs: 2);
        _events.TakeArrived();

        Assert.True(capture.TryCopyPicture(picture, out var stamp));
        Assert.Equal(new PictureStamp(2, 2), stamp);
        Assert.Equal((ScriptedCamera.What.Width, ScriptedCamera.What.Height), (picture.Width, picture.Height));
        Assert.Equal(20, picture.Mean().Val0);
    }

    [Fact]
    public void After_the_end_there_is_no_picture_to_copy()
    {
        var capture = Start();
        using var picture = new Mat();
        _camera.Show(grey: 10, capturedNs: 1);
        _camera.Fail(new CameraLostException("unplugged"));
        _events.TakeEnded();

        Assert.False(capture.TryCopyPicture(picture, out _));
    }

    [Fact]
    public void A_live_camera_s_picture_of_another_size_is_left_out_and_counted()
    {
        _camera.IsLive = true;
        var capture = Start();
        _camera.Show(grey: 1, capturedNs: 1);
        _events.TakeArrived();

        _camera.Do(picture => ScriptedCamera.Draw(picture, 3, 2, grey: 9));
        _camera.Show(grey: 2, capturedNs: 3);

        Assert.Equal(3, _events.TakeArrived());
        Assert.Equal(new LeftOut(0, 0, 1, "a picture of 3x2 instead of 8x6"), capture.LeftOut);
        using var frame = capture.TakeNewest();
        Assert.Equal((3, 3), (frame!.Sequence, frame.CapturedNs));
    }

    [Fact]
    public void A_live_camera_that_keeps_to_another_size_is_lost()
    {
        _camera.IsLive = true;
        Start();
        for (var n = 0; n < 30; n++)
            _camera.Do(picture => ScriptedCamera.Draw(picture, 3, 2, grey: 9));

        Assert.Contains(
            "a picture of 3x2 instead of 8x6",
            Assert.IsType<CameraLostException>(_events.TakeEnded()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_live_camera_that_comes_back_with_another_size_is_refused()
    {
        _camera.IsLive = true;
        _capture = new CameraCapture(() => _camera, _pool, _time, 0, _events, expected: (640, 480));
        _capture.Start();

        Assert.Contains("came back with 8x6 instead of 640x480", _events.TakeEnded().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_that_the_camera_left_out_have_numbers_too()
    {
        var capture = Start(lastSequence: 100);
        _camera.Do(picture =>
        {
            _camera.LeftOut = new LeftOut(2, 1, 1, "torn");
            return ScriptedCamera.Draw(picture, 8, 6, grey: 1);
        });

        Assert.Equal(105, _events.TakeArrived());
        Assert.Equal((4, "torn"), (capture.LeftOut.Total, capture.LeftOut.Problem));
    }

    [Theory]
    [InlineData(true, 10)]
    [InlineData(false, 30)]
    public void A_live_camera_s_same_picture_is_no_news_and_a_film_s_is(bool isLive, long expected)
    {
        _camera.IsLive = isLive;
        var capture = Start();
        foreach (var (grey, ns) in new[] { (5, 5L), (7, 10L), (7, 20L), (7, 30L) })
        {
            _camera.Show(grey, ns);
            _events.TakeArrived();
        }

        Assert.Equal((expected, 30), (capture.SameSinceNs, capture.CapturedNs));
        _camera.Do(picture => ScriptedCamera.Draw(picture, 8, 6, grey: 7, odd: 8));
        _events.TakeArrived();
        Assert.Equal(capture.CapturedNs, capture.SameSinceNs);
    }

    public void Dispose()
    {
        _camera.ReleaseReader();
        _capture?.Dispose();
    }

    private CameraCapture Start(long lastSequence = 0)
    {
        _capture = new CameraCapture(() => _camera, _pool, _time, lastSequence, _events);
        _capture.Start();
        return _capture;
    }

    /// <summary>Shows what the test says, when it says so.</summary>
    private sealed class ScriptedCamera : ICamera
    {
        public static readonly CameraDescription What = new("scripted", 8, 6, 30);

        private readonly BlockingCollection<Func<Mat, long>> _script = [];

        public ManualResetEventSlim Closed { get; } = new();

        public CameraDescription Description => What;

        public bool IsLive { get; set; }

        public LeftOut LeftOut { get; set; }

        public void Do(Func<Mat, long> read) => _script.Add(read);

        /// <summary>Taken at 3 ns; its last pixel may be of another grey.</summary>
        public static long Draw(Mat picture, int width, int height, int grey, int? odd = null)
        {
            picture.Create(height, width, MatType.CV_8UC3);
            picture.SetTo(Scalar.All(grey));
            if (odd is { } other)
                picture.Set(height - 1, width - 1, new Vec3b((byte)other, (byte)other, (byte)other));
            return 3;
        }

        public void Show(int grey, long capturedNs) =>
            Do(picture =>
            {
                picture.Create(What.Height, What.Width, MatType.CV_8UC3);
                picture.SetTo(Scalar.All(grey));
                return capturedNs;
            });

        public void Fail(Exception exception) => Do(_ => throw exception);

        public void ReleaseReader() => Fail(new CameraLostException("the test is over"));

        public long Read(Mat picture) => _script.Take()(picture);

        public void Dispose() => Closed.Set();
    }

    private sealed class RecordedEvents : ICaptureEvents
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

        private readonly BlockingCollection<CameraDescription> _opened = [];
        private readonly BlockingCollection<long> _arrived = [];
        private readonly BlockingCollection<CameraException> _ended = [];

        public Func<bool> ClosedBeforeEnd { get; set; } = () => false;

        public bool WasClosedBeforeEnd { get; private set; }

        public bool HasEnded => _ended.Count > 0;

        public void Opened(CameraDescription camera) => _opened.Add(camera);

        public void FrameArrived(long sequence) => _arrived.Add(sequence);

        public void Ended(CameraException reason)
        {
            WasClosedBeforeEnd = ClosedBeforeEnd();
            _ended.Add(reason);
        }

        public CameraDescription TakeOpened() => Take(_opened);

        public long TakeArrived() => Take(_arrived);

        public CameraException TakeEnded() => Take(_ended);

        private static T Take<T>(BlockingCollection<T> events) =>
            events.TryTake(out var taken, Patience) ? taken : throw new TimeoutException("nothing was reported");
    }
}
