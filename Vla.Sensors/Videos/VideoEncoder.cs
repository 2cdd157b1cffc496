using OpenCvSharp;

namespace Vla.Sensors.Videos;

/// <summary>Encodes pictures into an MP4 file that can be begun to be read anywhere; for one thread.</summary>
/// <remarks>
/// Picture i is shown at i / fps exactly. At least every second picture is whole, as LeRobot has it, so that any can be
/// found quickly. A file that is not finished is of no use.
/// </remarks>
internal abstract class VideoEncoder : IDisposable
{
    /// <summary>A picture is whole at least as often as this.</summary>
    protected const int KeyInterval = 2;

    protected VideoEncoder(string path, int width, int height) => (Path, Width, Height) = (path, width, height);

    public string Path { get; }

    public int Width { get; }

    public int Height { get; }

    /// <param name="path">Overwritten.</param>
    /// <param name="fps">Pictures a second.</param>
    /// <param name="width">Pixels, an even number.</param>
    /// <param name="height">Pixels, an even number.</param>
    /// <param name="codec">The best that this machine has when left out.</param>
    /// <exception cref="VideoException">It cannot be begun.</exception>
    public static VideoEncoder Create(string path, int fps, int width, int height, VideoCodec? codec = null)
    {
        codec ??= VideoCodec.OfThisMachine(Math.Min(width, height));
        return codec.Encoder is null
            ? new OpenCvEncoder(path, fps, width, height)
            : new FfmpegEncoder(FfmpegProgram.OfThisMachine, codec, path, fps, width, height);
    }

    /// <summary>Adds a picture.</summary>
    /// <param name="picture">BGR, 8 bits, of the video's size.</param>
    /// <exception cref="VideoException">It cannot be written.</exception>
    public void Write(Mat picture)
    {
        if (picture.Width != Width || picture.Height != Height || picture.Type() != MatType.CV_8UC3)
            throw new ArgumentException(
                $"'{Path}' takes pictures of {Width}x{Height}, not {picture.Width}x{picture.Height}"
            );
        Encode(picture);
    }

    /// <summary>Ends the file.</summary>
    /// <exception cref="VideoException">It cannot be written.</exception>
    public abstract void Finish();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Encode(Mat picture);

    protected abstract void Dispose(bool disposing);
}
