using System.Globalization;
using Microsoft.Extensions.Logging;
using Vla.Actors.Control;
using Vla.Actors.Observations;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Actors.Cameras;

/// <summary>
/// Tells the control loop when there is nothing to move by: a camera is lost, silent, behind the others, or shows the
/// same picture for ever.
/// </summary>
/// <remarks>
/// A picture may be as old as the control loop allows; a camera that brings no news for longer than that is one that
/// nobody sees by. Asked with each frame on the capture thread, and every now and then by the camera's actor.
/// </remarks>
/// <param name="monitor">The camera's.</param>
/// <param name="control">How old a picture may be, and whether anybody moves.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is said what is left out and who is behind.</param>
/// <param name="spots">What all cameras mean together; null for the only one.</param>
/// <param name="place">The camera's among them.</param>
/// <param name="sets">Tells whether its pictures make sets with the others'; null for the only one.</param>
public sealed partial class CameraWatch(
    CameraMonitor monitor,
    ControlLoop control,
    TimeProvider time,
    ILogger logger,
    BlindSpots? spots = null,
    int place = 0,
    ObservationSource? sets = null
)
{
    /// <summary>A camera of a low rate is silent after so many of its usual spacings.</summary>
    private const int SilentPeriods = 4;

    /// <summary>A share of each new spacing that goes into the usual one.</summary>
    private const int Smoothing = 8;

    private const long SayAgainNs = 10 * MonotonicTime.NsPerSecond;

    private readonly Lock _gate = new();
    private readonly BlindSpots _spots = spots ?? new BlindSpots(control, 1);
    private long _usualNs;
    private long _movesSinceNs;
    private bool _hasMoved;
    private long _leftOutSaid;
    private long _leftOutSaidNs;
    private string? _lastError;
    private bool _isBlind;

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
            if (!_hasMoved)
                (_hasMoved, _movesSinceNs) = (control.Last is { State: ControlState.Policy }, nowNs);
            var sameForNs = capturedNs - Math.Max(monitor.SameSinceNs, _movesSinceNs);
            Judge(nowNs, sameForNs > control.MaximumActionAgeNs);
        }

        SayWhatIsLeftOut(nowNs);
    }

    /// <summary>
    /// Looks whether pictures still come; called by the camera's actor, also when the camera's state has changed.
    /// </summary>
    internal void Look()
    {
        lock (_gate)
            Judge(time.NowNs(), monitor.State == CameraState.Frozen);
    }

    private void Judge(long nowNs, bool isFrozen)
    {
        var state = monitor.State;
        var behind = sets?.Behind is { } set && set.Camera == place ? set : null;
        if (state is CameraState.Streaming or CameraState.Silent or CameraState.Frozen or CameraState.Behind)
        {
            var silentAfterNs = Math.Max(control.MaximumActionAgeNs, SilentPeriods * _usualNs);
            state =
                nowNs - monitor.NewestNs > silentAfterNs ? CameraState.Silent
                : isFrozen ? CameraState.Frozen
                : behind is not null && nowNs - behind.SinceNs > silentAfterNs ? CameraState.Behind
                : CameraState.Streaming;
        }

        // Made only when something has changed: this is asked for each frame.
        var error = state is CameraState.Lost or CameraState.Ended ? monitor.LastError : null;
        var mayMove = state is CameraState.Streaming or CameraState.Opening;
        if (state == monitor.State && error == _lastError && _isBlind != mayMove)
            return;
        var wasBehind = monitor.State == CameraState.Behind;
        (monitor.State, _lastError, _isBlind) = (state, error, !mayMove);
        var reason = state switch
        {
            CameraState.Lost => $"the {monitor.Label} is lost: {error}",
            CameraState.Ended => sets is null ? error : $"the {monitor.Label} has ended: {error}",
            CameraState.Silent => $"the {monitor.Label} is silent: no picture comes",
            CameraState.Frozen => $"the {monitor.Label} is frozen: the same picture comes again and again",
            CameraState.Behind => Words(behind!),
            _ => null,
        };
        _spots.Set(place, reason);
        if (state == CameraState.Behind && !wasBehind)
            Log.Behind(logger, reason!);
    }

    private string Words(SkewedSet set) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"the {monitor.Label} is behind: its pictures are {set.ByNs / MonotonicTime.NsPerMs} ms older than those "
                + $"of {set.Ahead}, "
                + $"and may be {sets!.MaximumSkewNs / MonotonicTime.NsPerMs} ms (--max-skew)"
        );

    private void SayWhatIsLeftOut(long nowNs)
    {
        var leftOut = monitor.Damaged + monitor.WrongSize;
        if (leftOut == _leftOutSaid || (_leftOutSaid > 0 && nowNs - _leftOutSaidNs < SayAgainNs))
            return;
        (_leftOutSaid, _leftOutSaidNs) = (leftOut, nowNs);
        Log.LeftOut(logger, monitor.Label, leftOut, monitor.Problem ?? "");
    }

    private static partial class Log
    {
        [LoggerMessage(23, LogLevel.Warning, "{Camera}: {Count} pictures left out so far, the last was {Problem}")]
        public static partial void LeftOut(ILogger logger, string camera, long count, string problem);

        [LoggerMessage(24, LogLevel.Warning, "{Reason}")]
        public static partial void Behind(ILogger logger, string reason);
    }
}
