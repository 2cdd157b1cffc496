namespace Vla.Sensors.Cameras;

/// <summary>Where pictures come from, as given to <c>--camera</c>.</summary>
public abstract record CameraSource
{
    /// <summary>A drawn, moving scene.</summary>
    public sealed record Synthetic : CameraSource;

    /// <summary>Reads <c>synthetic</c>, <c>0</c>, <c>/dev/video0</c>, a video file (<c>?loop</c>), or a URL.</summary>
    /// <exception cref="CameraException">The text is none of these; the message says what is possible.</exception>
    public static CameraSource Parse(string text) => text switch
    {
        "synthetic" => new Synthetic(),
        _ => throw new CameraException($"camera '{text}' is not known"),
    };

    /// <summary>Opens the camera.</summary>
    /// <exception cref="CameraException">It is missing, busy, or unreadable.</exception>
    public ICamera Open(TimeProvider time) => throw new NotSupportedException();
}
