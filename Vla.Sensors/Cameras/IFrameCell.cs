namespace Vla.Sensors.Cameras;

/// <summary>Where a camera leaves its newest frame.</summary>
public interface IFrameCell
{
    /// <summary>Hands over the newest frame, or null when there has been none since the last call.</summary>
    Frame? TakeNewest();

    /// <summary>Takes back a frame that was taken and not used: a newer one is used in its place.</summary>
    void Replace(Frame unseen);
}
