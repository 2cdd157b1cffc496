using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Sensors.Cameras;

namespace Vla.Actors.Cameras;

/// <summary>Brings a camera's newest frame and whoever asked for it together, on the thread that comes second.</summary>
/// <remarks>A frame that is waited for goes out from the capture thread itself: by way of the camera's actor it would wake one
/// more thread.</remarks>
/// <param name="camera">The frames' sender.</param>
internal sealed class FrameHandover(IActorRef camera) : IFrameSource
{
    private readonly Lock _gate = new();
    private IActorRef? _asker;
    private CameraCapture? _capture;

    /// <summary>Where frames come from from now on; null for nowhere. Whoever asks is kept.</summary>
    public void Use(CameraCapture? capture)
    {
        lock (_gate) _capture = capture;
    }

    /// <summary>Gives the newest frame, or the next one. Asked again, it goes to the one who asked last.</summary>
    public void Want(IActorRef asker)
    {
        lock (_gate) _asker = asker;
        Serve();
    }

    /// <summary>Called by the capture thread when it has put a new frame into its cell.</summary>
    public void Arrived() => Serve();

    public Frame Exchange(Frame held)
    {
        lock (_gate) return _capture?.Exchange(held) ?? held;
    }

    private void Serve()
    {
        IActorRef asker;
        Frame frame;
        lock (_gate)
        {
            if (_asker is null || _capture?.TakeNewest() is not { } newest) return;
            (asker, frame, _asker) = (_asker, newest, null);
        }

        asker.Tell(new FrameCaptured(frame) { Source = this }, camera);
    }
}
