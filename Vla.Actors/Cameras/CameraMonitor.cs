using OpenCvSharp;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;

namespace Vla.Actors.Cameras;

/// <summary>What the camera is doing.</summary>
public enum CameraState
{
    /// <summary>It is being opened, for the first time or anew.</summary>
    Opening,

    /// <summary>Pictures come.</summary>
    Streaming,

    /// <summary>It is open, and no picture has come for longer than one may be old.</summary>
    Silent,

    /// <summary>The same picture comes again and again.</summary>
    Frozen,

    /// <summary>Its pictures are so much older than the other cameras' that they make no set.</summary>
    Behind,

    /// <summary>It went away or could not be opened; it is tried again.</summary>
    Lost,

    /// <summary>A video file has been played to its end.</summary>
    Ended,
}

/// <summary>What outlives the camera actor's restarts: counts, state, the last error.</summary>
/// <remarks>Written by the actor and the capture thread, read by anyone.</remarks>
/// <param name="name">What its pictures are called.</param>
/// <param name="isOnly">False where there are others: messages then say which it is.</param>
public sealed class CameraMonitor(string name = PictureNames.Unnamed, bool isOnly = true)
{
    private long _frames;
    private long _replaced;
    private long _reopened;
    private long _damaged;
    private long _wrongSize;
    private long _newestNs;
    private long _sameSinceNs;
    private volatile string? _problem;
    private volatile CameraDescription? _description;
    private volatile string? _lastError;
    private volatile CameraState _state;
    private volatile CameraCapture? _capture;
    private int _keptPictures = 1;

    /// <summary>What its pictures are called.</summary>
    public string Name { get; } = name;

    /// <summary>How messages name it: <c>camera</c>, or <c>camera wrist</c> where there are several.</summary>
    public string Label { get; } = isOnly ? "camera" : $"camera {name}";

    /// <summary>What it does now.</summary>
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
        internal set
        {
            value?.KeepPictures(Volatile.Read(ref _keptPictures));
            _capture = value;
        }
    }

    /// <summary>Copies the picture of a number as the camera gave it, for whoever was told that it was taken.</summary>
    /// <param name="sequence">As <see cref="Observers.FrameTaken"/> and <see cref="Pipeline.SeenPicture"/> name
    /// it.</param>
    /// <param name="into">Receives BGR, 8 bits, [height, width, 3].</param>
    /// <param name="stamp">Which picture that is.</param>
    /// <returns>False when it is not kept any more (<see cref="KeepPictures"/>).</returns>
    public bool TryCopyPicture(long sequence, Mat into, out PictureStamp stamp)
    {
        if (Capture is { } capture)
            return capture.TryCopyPicture(sequence, into, out stamp);
        stamp = default;
        return false;
    }

    /// <summary>
    /// From now on so many of the newest pictures are kept to be copied, at least; one alone where nobody asks for
    /// more.
    /// </summary>
    /// <param name="count">Each takes width × height × 3 bytes.</param>
    public void KeepPictures(int count)
    {
        var kept = Volatile.Read(ref _keptPictures);
        while (count > kept)
            kept = Interlocked.CompareExchange(ref _keptPictures, count, kept);
        Capture?.KeepPictures(count);
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

    /// <summary>Pictures left out because they were damaged.</summary>
    public long Damaged
    {
        get => Interlocked.Read(ref _damaged);
        internal set => Interlocked.Exchange(ref _damaged, value);
    }

    /// <summary>Pictures left out because they were of another size than the camera's.</summary>
    public long WrongSize
    {
        get => Interlocked.Read(ref _wrongSize);
        internal set => Interlocked.Exchange(ref _wrongSize, value);
    }

    /// <summary>What was wrong with the last picture that was left out; null when none was.</summary>
    public string? Problem
    {
        get => _problem;
        internal set => _problem = value;
    }

    /// <summary>When the newest frame was there, monotonic nanoseconds; 0 before the first.</summary>
    public long NewestNs
    {
        get => Interlocked.Read(ref _newestNs);
        internal set => Interlocked.Exchange(ref _newestNs, value);
    }

    /// <summary>
    /// Since when the pictures have been the same to the last byte, monotonic nanoseconds; the newest one's time while
    /// they differ.
    /// </summary>
    public long SameSinceNs
    {
        get => Interlocked.Read(ref _sameSinceNs);
        internal set => Interlocked.Exchange(ref _sameSinceNs, value);
    }

    internal void CountReopened() => Interlocked.Increment(ref _reopened);

    /// <summary>
    /// Told of every picture on the capture thread, with its number and when it was taken: must return at once.
    /// </summary>
    internal Action<long, long>? FrameSeen { get; set; }

    /// <summary>Told in words that the camera is lost, or back.</summary>
    internal Action<string>? Happened { get; set; }
}
