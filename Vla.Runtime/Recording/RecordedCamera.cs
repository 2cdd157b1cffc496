using OpenCvSharp;
using Vla.Actors.Cameras;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Datasets;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Recording;

/// <summary>A camera whose pictures are recorded.</summary>
/// <param name="Monitor">Where they are.</param>
/// <param name="Description">Their size.</param>
internal sealed record RecordedCamera(CameraMonitor Monitor, CameraDescription Description) : IRecordedPictures
{
    /// <summary>Most memory that a camera's kept pictures take.</summary>
    private const long MostBytes = 64 << 20;

    private const int Fewest = 4;
    private const double UsualFps = 30;

    /// <summary>By how much a recording may be late in looking, nanoseconds.</summary>
    private const long LateNs = 300 * MonotonicTime.NsPerMs;

    string IRecordedPictures.Name => Monitor.Name;

    /// <summary>What its pictures are called in the dataset, and how large they are.</summary>
    /// <exception cref="DatasetException">The camera does not say how large.</exception>
    internal DatasetFeature Feature =>
        Description is { Width: > 0, Height: > 0 }
            ? DatasetFeature.Camera(PictureNames.Feature(Monitor.Name), Description.Width, Description.Height)
            : throw new DatasetException(
                $"camera '{Description.Name}' does not say how large its pictures are, so they cannot be recorded: "
                    + "give it a size (?size=640x480)"
            );

    /// <summary>Has the pictures kept that an action may still come from.</summary>
    /// <param name="oldestNs">How old the picture of an action may be.</param>
    internal void Keep(long oldestNs)
    {
        var fps = Description.Fps > 0 ? Description.Fps : UsualFps;
        var wanted = (oldestNs + LateNs) * fps / MonotonicTime.NsPerSecond;
        var most = MostBytes / (3L * Description.Width * Description.Height);
        Monitor.KeepPictures((int)Math.Max(Fewest, Math.Min(Math.Ceiling(wanted), most)));
    }

    bool IRecordedPictures.TryCopy(long sequence, Mat into, out PictureStamp stamp) =>
        Monitor.TryCopyPicture(sequence, into, out stamp);
}
