using OpenCvSharp;

namespace Vla.Sensors.Videos;

/// <summary>A video file, picture by picture with their times; for one thread.</summary>
internal interface IVideoReader : IDisposable
{
    string Path { get; }

    /// <summary>Pictures a second; 0 when the file does not say.</summary>
    double Fps { get; }

    /// <summary>How long it is, as the file says; 0 when it does not.</summary>
    double Seconds { get; }

    /// <summary>Goes to a time: the next picture is shown then or later, or a little before.</summary>
    /// <param name="seconds">Time in the file.</param>
    void Seek(double seconds);

    /// <summary>The next picture.</summary>
    /// <param name="picture">BGR, 8 bits; its memory is used again where it fits.</param>
    /// <param name="seconds">Its time in the file.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="VideoException">It cannot be decoded.</exception>
    bool Read(Mat picture, out double seconds);
}
