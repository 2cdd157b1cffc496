using Vla.Sensors.Cameras;

namespace Vla.Actors.Cameras;

/// <summary>What the camera is doing.</summary>
public enum CameraState
{
    Opening,
    Streaming,

    /// <summary>It went away or could not be opened; it is tried again.</summary>
    Lost,

    /// <summary>A video file has been played to its end.</summary>
    Ended,
}

/// <summary>What outlives the camera actor's restarts: counts, state, the last error.</summary>
/// <remarks>Written by the actor and the capture thread, read by anyone.</remarks>
public sealed class CameraMonitor
{
    private long _frames;
    private long _replaced;
    private long _reopened;
    private volatile CameraDescription? _description;
    private volatile string? _lastError;
    private volatile CameraState _state;
    private volatile CameraCapture? _capture;

    public CameraState State
    {
        get => _state;
        internal set => _state = value;
    }

    /// <summary>What was opened last; null before the first.</summary>
    public CameraDescription? Description
    {
        get => _description;
        internal set => _description = value;
    }

    /// <summary>The capture under way, to copy its newest picture from; null while there is none.</summary>
    public CameraCapture? Capture
    {
        get => _capture;
        internal set => _capture = value;
    }

    /// <summary>Why the camera was lost or could not be opened, last time; null if never.</summary>
    public string? LastError
    {
        get => _lastError;
        internal set => _lastError = value;
    }

    /// <summary>Number of the newest frame: how many were captured since the program started.</summary>
    public long Frames
    {
        get => Interlocked.Read(ref _frames);
        internal set => Interlocked.Exchange(ref _frames, value);
    }

    /// <summary>Frames replaced by a newer one before a stage wanted them.</summary>
    public long Replaced
    {
        get => Interlocked.Read(ref _replaced);
        internal set => Interlocked.Exchange(ref _replaced, value);
    }

    /// <summary>How often the camera was opened again after it had been lost.</summary>
    public long Reopened => Interlocked.Read(ref _reopened);

    internal void CountReopened() => Interlocked.Increment(ref _reopened);
}
