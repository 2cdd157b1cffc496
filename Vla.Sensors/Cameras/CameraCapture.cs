namespace Vla.Sensors.Cameras;

/// <summary>Reads one camera on a thread of its own and keeps only the newest prepared frame.</summary>
public sealed class CameraCapture : IDisposable
{
    /// <param name="open">Opens the camera; called on the capture thread.</param>
    /// <param name="pool">Gives the frames' memory and says which picture the policy wants.</param>
    /// <param name="time">The clock of every stamp.</param>
    /// <param name="lastSequence">The number of the last frame of an earlier capture; 0 for the first.</param>
    /// <param name="events">Told from the capture thread.</param>
    public CameraCapture(Func<ICamera> open, FramePool pool, TimeProvider time, long lastSequence, ICaptureEvents events)
        => throw new NotSupportedException();

    /// <summary>Starts the thread. Opening happens there: this returns at once.</summary>
    public void Start() => throw new NotSupportedException();

    /// <summary>Hands over the newest frame, or null when there has been none since the last call.</summary>
    public Frame? TakeNewest() => throw new NotSupportedException();

    /// <summary>Frames replaced by a newer one before anyone took them.</summary>
    public long Replaced => throw new NotSupportedException();

    /// <summary>Ends the thread, waiting a bounded time for a device that blocks, closes the camera.</summary>
    public void Dispose() => throw new NotSupportedException();
}

/// <summary>What a capture thread reports. Calls come from that thread and must return at once.</summary>
public interface ICaptureEvents
{
    void Opened(CameraDescription camera);

    /// <summary>A newer frame waits in <see cref="CameraCapture.TakeNewest"/>.</summary>
    void FrameArrived(long sequence);

    /// <summary>The thread has ended: the camera could not be opened, was lost, or (a file) has ended.</summary>
    void Ended(CameraException reason);
}
