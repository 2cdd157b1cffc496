using OpenCvSharp;
using Vla.Actors.Cameras;
using Vla.Sensors.Cameras;
using Vla.Sensors.Datasets;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Recording;

/// <summary>A camera whose pictures are recorded.</summary>
/// <param name="Monitor">Where they are.</param>
/// <param name="Description">Their size.</param>
public sealed record RecordedCamera(CameraMonitor Monitor, CameraDescription Description)
{
    /// <summary>What its pictures are called in the dataset, and how large they are.</summary>
    /// <exception cref="DatasetException">The camera does not say how large.</exception>
    internal DatasetFeature Feature =>
        Description is { Width: > 0, Height: > 0 }
            ? DatasetFeature.Camera(PictureNames.Feature(Monitor.Name), Description.Width, Description.Height)
            : throw new DatasetException(
                $"camera '{Description.Name}' does not say how large its pictures are, so they cannot be recorded: "
                    + "give it a size (?size=640x480)"
            );

    /// <summary>Copies the newest picture.</summary>
    /// <returns>False when there is none.</returns>
    internal bool TryTake(Mat into, out PictureStamp stamp)
    {
        if (Monitor.Capture is { } capture)
            return capture.TryCopyPicture(into, out stamp);
        stamp = default;
        return false;
    }
}
