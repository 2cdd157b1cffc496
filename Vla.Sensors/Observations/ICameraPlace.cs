using Vla.Sensors.Cameras;

namespace Vla.Sensors.Observations;

/// <summary>One camera's place in the observations. Any thread may call.</summary>
public interface ICameraPlace
{
    /// <summary>Where its frames come from from now on; null for nowhere.</summary>
    void Use(IFrameCell? cell);

    /// <summary>A new frame is in the cell.</summary>
    void Arrived();
}
