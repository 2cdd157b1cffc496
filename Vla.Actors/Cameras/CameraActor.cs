using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;

namespace Vla.Actors.Cameras;

/// <summary>
/// Owns a camera's capture thread, whose newest frame is in the observations from then on.
/// </summary>
/// <remarks>
/// A camera that is lost is opened again, after 250 ms at first, then twice as long each time, 5 s at most. A video
/// file that has ended stays ended. One that gives neither a picture nor an error for <see cref="HangLimit"/> counts as
/// lost; it is opened again when its thread has come back.
/// </remarks>
public sealed partial class CameraActor(
    Func<ICamera> open,
    FramePool pool,
    ICameraPlace place,
    CameraMonitor monitor,
    TimeProvider time,
    ILogger logger,
    CameraWatch? watch = null
) : UntypedActor, IWithTimers
{
    /// <summary>How long opening, or the next picture, may take: longer than any camera's own deadlines.</summary>
    public static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(15);

    /// <summary>Delay before the first attempt to open a lost camera again.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest delay between two attempts.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>How often it is looked whether pictures still come.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private CameraCapture? _capture;
    private CameraCapture? _hung;
    private long _capturingSinceNs;
    private TimeSpan _delay = FirstDelay;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="open">Opens the camera; called on the capture thread, again after every loss.</param>
    /// <param name="pool">Memory of the frames.</param>
    /// <param name="place">Where the frames are put in.</param>
    /// <param name="monitor">Shown in status; counts go on across restarts.</param>
    /// <param name="time">The clock of every stamp.</param>
    /// <param name="logger">Where a lost or reopened camera is said.</param>
    /// <param name="watch">Tells the control loop when there is nothing to move by; null where nobody moves.</param>
    public static Props Props(
        Func<ICamera> open,
        FramePool pool,
        ICameraPlace place,
        CameraMonitor monitor,
        TimeProvider time,
        ILogger logger,
        CameraWatch? watch = null
    ) => Akka.Actor.Props.Create(() => new CameraActor(open, pool, place, monitor, time, logger, watch));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(LookAgain.Instance, LookAgain.Instance, LookEvery);
        Open();
    }

    /// <inheritdoc/>
    protected override void PostStop() => Close();

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case CaptureEvent @event when @event.From != _capture:
                break; // A late word of a capture that was closed.

            case CaptureOpened opened:
                monitor.Description = opened.Camera;
                if (monitor.State == CameraState.Lost)
                {
                    monitor.CountReopened();
                    Log.Reopened(logger, monitor.Label, opened.Camera.Name);
                    monitor.Happened?.Invoke($"{monitor.Label} is back: {opened.Camera.Name}");
                }
                break;

            case CaptureStreams:
                monitor.State = CameraState.Streaming;
                _delay = FirstDelay;
                watch?.Look();
                break;

            case CaptureEnded { Reason: CameraEndedException } ended:
                monitor.State = CameraState.Ended;
                monitor.LastError = ended.Reason.Message;
                Log.Ended(logger, ended.Reason.Message);
                watch?.Look();
                break;

            case CaptureEnded ended:
                Lost(ended.Reason);
                break;

            case OpenAgain when _hung is { IsRunning: true }:
                // A second one would wait for the same device.
                Timers.StartSingleTimer(OpenAgain.Instance, OpenAgain.Instance, LongestDelay);
                break;

            case OpenAgain:
                _hung = null;
                Open();
                break;

            case LookAgain:
                Look();
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    private void Lost(CameraException reason)
    {
        // Said once, however long it takes to come back.
        if (monitor.State != CameraState.Lost)
        {
            Log.Lost(logger, monitor.Label, reason.Message);
            monitor.Happened?.Invoke($"{monitor.Label} lost: {reason.Message}");
        }

        monitor.State = CameraState.Lost;
        monitor.LastError = reason.Message;
        watch?.Look();
        Close();
        Timers.StartSingleTimer(OpenAgain.Instance, OpenAgain.Instance, _delay);
        _delay = _delay * 2 < LongestDelay ? _delay * 2 : LongestDelay;
    }

    private void Look()
    {
        watch?.Look();
        if (_capture is not { } capture || monitor.State == CameraState.Ended)
            return;
        var silentNs = time.NowNs() - Math.Max(_capturingSinceNs, monitor.NewestNs);
        // A film of few pictures takes its time between them.
        var slowNs = monitor.Description is { Fps: > 0 } film ? (long)(10 * MonotonicTime.NsPerSecond / film.Fps) : 0;
        if (silentNs <= Math.Max((long)HangLimit.TotalNanoseconds, slowNs))
            return;

        _hung = capture;
        Lost(
            new CameraLostException(
                $"camera '{monitor.Description?.Name ?? "being opened"}' hangs: neither a picture nor an error for "
                    + $"{silentNs / MonotonicTime.NsPerSecond} s"
            )
        );
    }

    private void Open()
    {
        _capturingSinceNs = time.NowNs();
        var events = new CaptureEvents(Self, place, monitor, watch, time);
        try
        {
            _capture = new CameraCapture(open, pool, time, monitor.Frames, events, Size(monitor.Description));
            events.From = _capture;
            monitor.Capture = _capture;
            place.Use(_capture);
            _capture.Start();
        }
        catch (Exception e)
        {
            // A native library that does not load, memory that is used up: tried again with the same patience as a lost
            // camera. Thrown from here, it would mean a restart at once, over and over.
            Lost(new CameraException(e.Message, e));
        }
    }

    private void Close()
    {
        monitor.Capture = null;
        place.Use(null);
        if (_capture == _hung)
            _capture?.Dispose(TimeSpan.Zero);
        else
            _capture?.Dispose();
        _capture = null;
    }

    private static (int Width, int Height)? Size(CameraDescription? camera) =>
        camera is { Width: > 0 } ? (camera.Width, camera.Height) : null;

    private abstract record CaptureEvent(CameraCapture? From);

    private sealed record CaptureOpened(CameraCapture? From, CameraDescription Camera) : CaptureEvent(From);

    private sealed record CaptureStreams(CameraCapture? From) : CaptureEvent(From);

    private sealed record CaptureEnded(CameraCapture? From, CameraException Reason) : CaptureEvent(From);

    private sealed class OpenAgain
    {
        public static readonly OpenAgain Instance = new();
    }

    private sealed class LookAgain
    {
        public static readonly LookAgain Instance = new();
    }

    /// <summary>
    /// What the capture thread's calls lead to: frames are put in at once, the rest becomes messages.
    /// </summary>
    private sealed class CaptureEvents(
        IActorRef self,
        ICameraPlace place,
        CameraMonitor monitor,
        CameraWatch? watch,
        TimeProvider time
    ) : ICaptureEvents
    {
        private readonly long _replacedBefore = monitor.Replaced;
        private readonly long _damagedBefore = monitor.Damaged;
        private readonly long _wrongSizeBefore = monitor.WrongSize;
        private bool _streams;

        public CameraCapture? From { get; set; }

        public void Opened(CameraDescription camera) => self.Tell(new CaptureOpened(From, camera));

        public void FrameArrived(long sequence)
        {
            // Here and not in the actor: the next capture counts on from it even if this word comes too late.
            var leftOut = From!.LeftOut;
            var beforeNs = monitor.NewestNs;
            monitor.Frames = sequence;
            monitor.Replaced = _replacedBefore + From.Replaced + leftOut.Overtaken;
            monitor.Damaged = _damagedBefore + leftOut.Damaged;
            monitor.WrongSize = _wrongSizeBefore + leftOut.WrongSize;
            if (leftOut.Problem is { } problem)
                monitor.Problem = problem;
            monitor.NewestNs = time.NowNs();
            monitor.SameSinceNs = From.SameSinceNs;
            if (!_streams)
                self.Tell(new CaptureStreams(From));
            _streams = true;
            watch?.FrameArrived(From.CapturedNs, beforeNs);
            // Before anybody can make something of it: whoever watches sees the picture before the action.
            monitor.FrameSeen?.Invoke(sequence, From.CapturedNs);
            place.Arrived();
        }

        public void Ended(CameraException reason) => self.Tell(new CaptureEnded(From, reason));
    }

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Warning, "{Camera} lost: {Reason}; it is tried again until it is back")]
        public static partial void Lost(ILogger logger, string camera, string reason);

        [LoggerMessage(21, LogLevel.Information, "{Camera} is back: {Device}")]
        public static partial void Reopened(ILogger logger, string camera, string device);

        [LoggerMessage(22, LogLevel.Information, "{Reason}")]
        public static partial void Ended(ILogger logger, string reason);
    }
}
