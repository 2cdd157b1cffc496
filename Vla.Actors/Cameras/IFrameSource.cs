using Akka.Actor;
using Vla.Sensors.Cameras;

namespace Vla.Actors.Cameras;

/// <summary>Where frames come from, for whoever has had one: without a word to the camera's actor, whose thread would wake up.</summary>
/// <remarks>Any thread may call. Of a camera's actor that has been restarted since, nothing comes any more: demand said again goes to the actor.</remarks>
public interface IFrameSource
{
    /// <summary>Sends the newest frame, or the next one, as if the actor had been asked.</summary>
    void Want(IActorRef asker);

    /// <summary>Gives the newest frame for one that was handed over ahead of its use, or that one back when there is none newer.</summary>
    /// <param name="held">Not used yet; goes back to its pool when a newer one is given for it.</param>
    Frame Exchange(Frame held);
}
