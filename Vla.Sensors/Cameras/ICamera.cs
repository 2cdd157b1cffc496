using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>An opened source of pictures: a webcam, a file, a stream, a drawn scene.</summary>
/// <remarks>Used by one thread at a time; disposing closes the device.</remarks>
public interface ICamera : IDisposable
{
    /// <summary>What it is: name, size, rate.</summary>
    CameraDescription Description { get; }

    /// <summary>
    /// True for a real sensor, whose noise makes every picture another: the same bytes again and again are then no
    /// news, and a picture of another size than <see cref="Description"/> says is none of this camera's.
    /// </summary>
    bool IsLive => false;

    /// <summary>Pictures that came and that <see cref="Read"/> has not given out, up to the one it gave last.</summary>
    LeftOut LeftOut => default;

    /// <summary>Blocks until the next picture is there and puts it into <paramref name="picture"/>.</summary>
    /// <param name="picture">Receives the picture, BGR, 8 bits, [height, width, 3]; its memory is reused.</param>
    /// <returns>When the picture was taken, in monotonic nanoseconds (<see cref="MonotonicTime"/>).</returns>
    /// <exception cref="CameraLostException">The device went away or the stream broke; open it anew.</exception>
    /// <exception cref="CameraEndedException">The file has been played to its end.</exception>
    long Read(Mat picture);
}

/// <summary>What an opened camera is.</summary>
/// <param name="Name">As a person would say it: <c>/dev/video0 (HD Webcam)</c>.</param>
/// <param name="Width">Picture width in pixels.</param>
/// <param name="Height">Picture height in pixels.</param>
/// <param name="Fps">Nominal frames a second; 0 when the source does not say.</param>
public sealed record CameraDescription(string Name, int Width, int Height, double Fps);

/// <summary>Pictures of a camera that nobody was given, by reason.</summary>
/// <param name="Overtaken">A newer one was there before this one was decoded.</param>
/// <param name="Damaged">Broken off, or not what they say they are.</param>
/// <param name="WrongSize">Of another size than the camera's.</param>
/// <param name="Problem">What was wrong with the last one that was damaged or of another size; null when none
/// was.</param>
public readonly record struct LeftOut(long Overtaken, long Damaged, long WrongSize, string? Problem)
{
    /// <summary>All of them.</summary>
    public long Total => Overtaken + Damaged + WrongSize;
}

/// <summary>A camera cannot be opened. The message names the camera, the reason and the mend, in one line.</summary>
public class CameraException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A camera that worked has gone away.</summary>
public sealed class CameraLostException(string message, Exception? inner = null) : CameraException(message, inner);

/// <summary>A video file without <c>?loop</c> has come to its end.</summary>
public sealed class CameraEndedException(string message) : CameraException(message);
