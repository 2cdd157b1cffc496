using System.Collections.Concurrent;
using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Actors.Cameras;
using Vla.Actors.Observations;
using Vla.Actors.Pipeline;
using Vla.Sensors.Cameras;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Cameras;

/// <summary>Time between attempts is the test scheduler's, so that nobody waits for it.</summary>
public sealed class CameraActorTests() : PipelineTestKit(TestScheduling)
{
    private readonly ConcurrentQueue<Func<ICamera>> _openings = new();
    private readonly CameraMonitor _monitor = new();
    private readonly List<Script> _scripts = [];
    private readonly ObservationSource _source = new(["front"], 0);
    private IActorRef _observations = ActorRefs.Nobody;
    private IActorRef? _camera;
    private int _opened;

    [Fact]
    public async Task The_newest_frame_goes_to_whoever_asks_once()
    {
        var script = NextOpening();
        StartCamera();
        script.Show();
        await AwaitAssertAsync(() => Assert.Equal(CameraState.Streaming, _monitor.State));

        _observations.Tell(Ready.Once);

        using var captured = await ExpectMsgAsync<ObservationCaptured>();
        Assert.Equal(1, captured.Observation[0].Sequence);
        script.Show();
        script.Show();
        await AwaitAssertAsync(() => Assert.Equal(3, _monitor.Frames));

        // Had the second come unasked, it would be the first to be seen now.
        _observations.Tell(Ready.Once);
        using var next = await ExpectMsgAsync<ObservationCaptured>();
        Assert.Equal(3, next.Observation[0].Sequence);
    }

    [Fact]
    public async Task Whoever_asks_too_early_gets_the_next_frame()
    {
        var script = NextOpening();
        StartCamera();
        _observations.Tell(Ready.Once);
        await HearsNothingAsync(this, _observations, _camera!);

        script.Show();

        (await ExpectMsgAsync<ObservationCaptured>()).Dispose();
    }

    [Fact]
    public async Task A_frame_that_was_not_used_yet_is_exchanged_for_the_newest_and_counts_as_replaced()
    {
        var script = NextOpening();
        StartCamera();
        _observations.Tell(Ready.Continuous);
        script.Show();
        using var captured = await ExpectMsgAsync<ObservationCaptured>();
        _source.Exchange(captured.Observation);
        Assert.Equal(1, captured.Observation[0].Sequence);
        script.Show();
        script.Show();
        await AwaitAssertAsync(() => Assert.Equal(3, _monitor.Frames));

        _source.Exchange(captured.Observation);

        Assert.Equal(3, captured.Observation[0].Sequence);
        Assert.Equal(1, Pool.Lent);
        script.Show();
        await AwaitAssertAsync(() => Assert.Equal((4, 2), (_monitor.Frames, _monitor.Replaced)));
    }

    [Fact]
    public async Task The_source_can_be_asked_without_a_word_to_the_actor()
    {
        var script = NextOpening();
        StartCamera();
        _observations.Tell(Ready.Continuous);
        script.Show();
        using var captured = await ExpectMsgAsync<ObservationCaptured>();

        _source.Want(TestActor);
        script.Show();

        using var next = await ExpectMsgAsync<ObservationCaptured>();
        Assert.Equal((2, _observations), (next.Observation[0].Sequence, LastSender));
    }

    [Fact]
    public async Task While_the_camera_is_lost_a_frame_is_its_own_newest()
    {
        var script = NextOpening();
        StartCamera();
        _observations.Tell(Ready.Continuous);
        script.Show();
        using var captured = await ExpectMsgAsync<ObservationCaptured>();

        script.Fail(new CameraLostException("unplugged"));
        await AwaitAssertAsync(() => Assert.Equal(CameraState.Lost, _monitor.State));

        _source.Exchange(captured.Observation);
        Assert.Equal(1, captured.Observation[0].Sequence);
    }

    [Fact]
    public async Task A_lost_camera_is_opened_again_with_growing_patience_and_frames_count_on()
    {
        var script = NextOpening();
        _openings.Enqueue(() => throw new CameraException("still unplugged"));
        _openings.Enqueue(() => throw new CameraException("still unplugged"));
        var back = NextOpening();
        StartCamera();
        script.Show();
        await AwaitAssertAsync(() => Assert.Equal(1, _monitor.Frames));

        script.Fail(new CameraLostException("unplugged"));

        await OpensAgainAfterAsync(CameraActor.FirstDelay);
        await AwaitAssertAsync(() => Assert.Equal("still unplugged", _monitor.LastError));
        await OpensAgainAfterAsync(CameraActor.FirstDelay * 2);
        await OpensAgainAfterAsync(CameraActor.FirstDelay * 4);
        back.Show();
        _observations.Tell(Ready.Once);
        using var captured = await ExpectMsgAsync<ObservationCaptured>();
        Assert.Equal(2, captured.Observation[0].Sequence);
        await AwaitAssertAsync(() => Assert.Equal((CameraState.Streaming, 1), (_monitor.State, _monitor.Reopened)));
    }

    [Fact]
    public async Task A_camera_that_fails_in_an_unheard_of_way_is_tried_again_with_the_same_patience()
    {
        _openings.Enqueue(() => throw new CameraException("no such thing"));
        NextOpening();
        StartCamera();

        await AwaitAssertAsync(() => Assert.Equal(CameraState.Lost, _monitor.State));
        Assert.Equal(1, _opened);
        await OpensAgainAfterAsync(CameraActor.FirstDelay);
    }

    [Fact]
    public async Task A_video_that_has_ended_stays_ended()
    {
        var script = NextOpening();
        StartCamera();

        script.Fail(new CameraEndedException("the film is over"));

        await AwaitAssertAsync(() =>
            Assert.Equal((CameraState.Ended, "the film is over"), (_monitor.State, _monitor.LastError))
        );
        await HandledAsync(_camera!);
        Scheduler.Advance(TimeSpan.FromMinutes(1));
        await HearsNothingAsync(this, _camera!, _observations);
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task After_a_restart_the_camera_is_opened_anew()
    {
        var first = NextOpening();
        var second = NextOpening();
        StartCamera();
        await AwaitAssertAsync(() => Assert.Equal(1, _opened));

        _camera!.Tell(Kill.Instance);
        first.Fail(new CameraLostException("closed")); // So that nobody waits for its reader.

        await AwaitAssertAsync(() => Assert.Equal(2, _opened));
        _observations.Tell(Ready.Once);
        second.Show();
        (await ExpectMsgAsync<ObservationCaptured>()).Dispose();
    }

    [Fact]
    public async Task A_camera_that_hangs_is_lost_and_opened_again_once_its_thread_has_come_back()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var hung = NextOpening();
        var back = NextOpening();
        StartCamera(time);
        hung.Show();
        await AwaitAssertAsync(() => Assert.Equal(CameraState.Streaming, _monitor.State));

        time.Advance(CameraActor.HangLimit + TimeSpan.FromSeconds(1));
        Scheduler.Advance(TimeSpan.FromMilliseconds(50));
        await AwaitAssertAsync(() => Assert.Equal(CameraState.Lost, _monitor.State));
        Assert.Contains("hangs: neither a picture nor an error", _monitor.LastError, StringComparison.Ordinal);
        Scheduler.Advance(CameraActor.LongestDelay);
        await HandledAsync(_camera!);
        Assert.Equal(1, _opened);

        hung.Fail(new CameraLostException("it comes back"));
        back.Show();
        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(CameraActor.LongestDelay);
            Assert.Equal(2, _opened);
        });
        await AwaitAssertAsync(() => Assert.Equal(CameraState.Streaming, _monitor.State));
    }

    [Fact]
    public async Task What_is_left_out_is_counted_over_reopenings()
    {
        var first = NextOpening();
        first.LeftOut = new LeftOut(4, 2, 1, "torn");
        var second = NextOpening();
        second.LeftOut = new LeftOut(1, 1, 0, "grey");
        StartCamera();
        first.Show();
        await AwaitAssertAsync(() =>
            Assert.Equal(
                (8, 4, 2, 1, "torn"),
                (_monitor.Frames, _monitor.Replaced, _monitor.Damaged, _monitor.WrongSize, _monitor.Problem)
            )
        );

        first.Fail(new CameraLostException("unplugged"));
        await OpensAgainAfterAsync(CameraActor.FirstDelay);
        second.Show();

        // The first capture's only frame was never wanted: one more that nobody had.
        await AwaitAssertAsync(() =>
            Assert.Equal((11, 3, 1, "grey"), (_monitor.Frames, _monitor.Damaged, _monitor.WrongSize, _monitor.Problem))
        );
    }

    /// <summary>
    /// Lets capture threads that still wait for a picture come to their end, before the actors wait for them.
    /// </summary>
    protected override void AfterAll()
    {
        foreach (var script in _scripts)
            script.Fail(new CameraLostException("the test is over"));
        base.AfterAll();
    }

    private async Task OpensAgainAfterAsync(TimeSpan delay)
    {
        var before = _opened;
        await AwaitAssertAsync(() => Assert.Equal(CameraState.Lost, _monitor.State));
        // The actor sets its timer a moment after it says that the camera is lost: once it answers, that is done.
        await HandledAsync(_camera!);
        Scheduler.Advance(delay - TimeSpan.FromMilliseconds(1));
        await HandledAsync(_camera!);
        Assert.Equal(before, _opened);
        Scheduler.Advance(TimeSpan.FromMilliseconds(1));
        await AwaitAssertAsync(() => Assert.Equal(before + 1, _opened));
        await HandledAsync(_camera!);
    }

    private void StartCamera(TimeProvider? time = null)
    {
        _observations = Start(ObservationActor.Props(_source));
        _camera = Start(
            CameraActor.Props(Open, Pool, _source.Places[0], _monitor, time ?? TimeProvider.System, NullLogger.Instance)
        );
    }

    private ICamera Open()
    {
        Interlocked.Increment(ref _opened);
        return _openings.TryDequeue(out var opening)
            ? opening()
            : throw new CameraException("nothing more in the script");
    }

    private Script NextOpening()
    {
        var script = new Script();
        _scripts.Add(script);
        _openings.Enqueue(() => script);
        return script;
    }

    /// <summary>A camera that does what the test says, picture by picture.</summary>
    private sealed class Script : ICamera
    {
        private readonly BlockingCollection<Func<Mat, long>> _reads = [];

        public CameraDescription Description { get; } = new("scripted", 4, 4, 30);

        public LeftOut LeftOut { get; set; }

        public void Show() =>
            _reads.Add(picture =>
            {
                picture.Create(4, 4, MatType.CV_8UC3);
                picture.SetTo(Scalar.All(100));
                return 1;
            });

        public void Fail(CameraException exception) => _reads.Add(_ => throw exception);

        public long Read(Mat picture) =>
            (
                _reads.TryTake(out var read, TimeSpan.FromSeconds(20))
                    ? read
                    : throw new CameraLostException("the test is over")
            )(picture);

        public void Dispose() { }
    }
}
