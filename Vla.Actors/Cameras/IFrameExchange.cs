using Vla.Sensors.Cameras;

namespace Vla.Actors.Cameras;

/// <summary>Gives a newer frame for one that was handed over ahead of its use.</summary>
public interface IFrameExchange
{
    /// <summary>Gives the newest frame, or <paramref name="held"/> back when there is none newer. May be called from any thread.</summary>
    /// <param name="held">Not used yet; goes back to its pool when a newer one is given for it.</param>
    Frame Exchange(Frame held);
}
