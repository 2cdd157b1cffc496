namespace Vla.Sensors.Cameras;

/// <summary>What a capture thread reports. Calls come from that thread and must return at once.</summary>
public interface ICaptureEvents
{
    /// <summary>The camera was opened, for the first time or anew.</summary>
    void Opened(CameraDescription camera);

    /// <summary>A newer frame waits in <see cref="CameraCapture.TakeNewest"/>.</summary>
    void FrameArrived(long sequence);

    /// <summary>
    /// The thread has ended: the camera could not be opened, was lost, or (a file) has ended. The last call, with the
    /// camera already closed, so that it can be opened again; not made after <see cref="CameraCapture.Dispose()"/>.
    /// </summary>
    void Ended(CameraException reason);
}
