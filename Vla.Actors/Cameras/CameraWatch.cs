using Microsoft.Extensions.Logging;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Actors.Cameras;

/// <summary>Tells the control loop when there is nothing to move by: the camera is lost, silent, or shows the same picture for ever.</summary>
/// <remarks>
/// A picture may be as old as the control loop allows; a camera that brings no news for longer than that is one that nobody
/// sees by. Asked with each frame on the capture thread, and every now and then by the camera's actor.
/// </remarks>
public sealed partial class CameraWatch(CameraMonitor monitor, ControlLoop control, TimeProvider time, ILogger logger)
{
    /// <summary>A camera of a low rate is silent after so many of its usual spacings.</summary>
    private const int SilentPeriods = 4;

    /// <summary>A share of each new spacing that goes into the usual one.</summary>
    private const int Smoothing = 8;

    private const long SayAgainNs = 10 * MonotonicTime.NsPerSecond;

    private readonly Lock _gate = new();
    private long _usualNs;
    private long _movesSinceNs;
    private bool _hasMoved;
    private long _leftOutSaid;
    private long _leftOutSaidNs;
    private string? _lastError;

    /// <summary>A new frame is there; called by the capture thread once the monitor knows of it.</summary>
    /// <param name="capturedNs">When it was taken, monotonic nanoseconds.</param>
    /// <param name="beforeNs">When the frame before it was there; 0 for the first.</param>
    internal void FrameArrived(long capturedNs, long beforeNs)
    {
        var nowNs = time.NowNs();
        lock (_gate)
        {
            if (beforeNs > 0)
            {
                // One long gap is a fault and no new habit.
                var spacingNs = Math.Min(nowNs - beforeNs, _usualNs > 0 ? 2 * _usualNs : long.MaxValue);
                _usualNs = _usualNs == 0 ? spacingNs : _usualNs + (spacingNs - _usualNs) / Smoothing;
            }

            // Sameness counts from when a robot began to move by it.
            if (!_hasMoved) (_hasMoved, _movesSinceNs) = (control.Last is { State: ControlState.Policy }, nowNs);
            var sameForNs = capturedNs - Math.Max(monitor.SameSinceNs, _movesSinceNs);
            Judge(nowNs, sameForNs > control.MaximumActionAgeNs);
        }

        SayWhatIsLeftOut(nowNs);
    }

    /// <summary>Looks whether pictures still come; called by the camera's actor, also when the camera's state has changed.</summary>
    internal void Look()
    {
        lock (_gate) Judge(time.NowNs(), monitor.State == CameraState.Frozen);
    }

    private void Judge(long nowNs, bool isFrozen)
    {
        var state = monitor.State;
        if (state is CameraState.Streaming or CameraState.Silent or CameraState.Frozen)
        {
            var silentAfterNs = Math.Max(control.MaximumActionAgeNs, SilentPeriods * _usualNs);
            state = nowNs - monitor.NewestNs > silentAfterNs ? CameraState.Silent : isFrozen ? CameraState.Frozen : CameraState.Streaming;
        }

        // Made only when something has changed: this is asked for each frame.
        var error = state is CameraState.Lost or CameraState.Ended ? monitor.LastError : null;
        var mayMove = state is CameraState.Streaming or CameraState.Opening;
        if (state == monitor.State && error == _lastError && control.Blindness is null == mayMove) return;
        (monitor.State, _lastError) = (state, error);
        control.Blindness = state switch
        {
            CameraState.Lost => $"the camera is lost: {error}",
            CameraState.Ended => error,
            CameraState.Silent => "the camera is silent: no picture comes",
            CameraState.Frozen => "the camera is frozen: the same picture comes again and again",
            _ => null,
        };
    }

    private void SayWhatIsLeftOut(long nowNs)
    {
        var leftOut = monitor.Damaged + monitor.WrongSize;
        if (leftOut == _leftOutSaid || (_leftOutSaid > 0 && nowNs - _leftOutSaidNs < SayAgainNs)) return;
        (_leftOutSaid, _leftOutSaidNs) = (leftOut, nowNs);
        Log.LeftOut(logger, leftOut, monitor.Problem ?? "");
    }

    private static partial class Log
    {
        [LoggerMessage(23, LogLevel.Warning, "camera: {Count} pictures left out so far, the last was {Problem}")]
        public static partial void LeftOut(ILogger logger, long count, string problem);
    }
}
