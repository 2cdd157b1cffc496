namespace Vla.Sensors.Cameras.Streams;

/// <summary>How a picture came over a connection.</summary>
/// <param name="FirstByteNs">When its first byte could have been read, monotonic nanoseconds.</param>
/// <param name="LastByteNs">When its last byte could have been read, monotonic nanoseconds.</param>
/// <param name="Bytes">Its size as sent.</param>
/// <param name="Reads">How many pieces it came in.</param>
/// <param name="CameraSeconds">When it was taken by the camera's own clock, whose zero is unknown; null when it does
/// not say.</param>
internal readonly record struct PictureArrival(
    long FirstByteNs,
    long LastByteNs,
    int Bytes,
    int Reads,
    double? CameraSeconds = null
);
