using Vla.Runtime.Libraries;
using Vla.Runtime.Networks.LeKiwi;
using Vla.Runtime.Networks.Ros;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Registries;

/// <summary>The kinds of cameras that <c>--camera</c> can name.</summary>
internal static class CameraRegistry
{
    private static readonly Registry<CameraSource> Kinds = new(
        new("'world'", text => WorldCameraSource.Read(text, WorldView.Front), "the simulated tabletop; default"),
        new("'world-wrist'", text => WorldCameraSource.Read(text, WorldView.Wrist), "the same from the arm's wrist"),
        new("'synthetic'", CameraSource.Synthetic.Read),
        new("'dll:FILE#ARGUMENT'", LibraryCameraSource.Read, "your own"),
        new(RosCameraSource.Written, RosCameraSource.Read, "pictures of a topic, by a rosbridge"),
        new(LeKiwiCameraSource.Written, LeKiwiCameraSource.Read, "a camera of LeRobot's LeKiwi"),
        new("a URL (http, https, rtsp, rtsps)", CameraSource.Url.Read),
        new("a device ('0', '/dev/video0')", CameraSource.Device.Read),
        new("a video file ('demo.mp4?loop')", text => CameraSource.VideoFile.Read(text, Possible))
    );

    /// <summary>All forms, for messages.</summary>
    public static string Possible => Kinds.Possible;

    /// <summary>All forms and what they are, for the help of commands.</summary>
    public static string Help => Kinds.Help;

    /// <summary>What a text names; whatever is of no other kind is a video file.</summary>
    /// <exception cref="CameraException">
    /// Nothing, or something that is written wrongly; the message says what is possible.
    /// </exception>
    public static CameraSource Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new CameraException($"no camera is named; give {Possible}");
        return Kinds.Find(text)!;
    }
}
