using OpenCvSharp;

namespace Vla.Sensors.Videos;

/// <summary>
/// Encodes MPEG-4 part 2 by OpenCV, where nothing better is there; at its finest: OpenCV gives it 4 bits a pixel.
/// </summary>
internal sealed class OpenCvEncoder : VideoEncoder
{
    private readonly VideoWriter _writer;

    public OpenCvEncoder(string path, int fps, int width, int height)
        : base(path, width, height)
    {
        OpenCvNative.EnsureLoaded();
        _writer = new VideoWriter(
            path,
            VideoCaptureAPIs.FFMPEG,
            VideoWriter.FourCC('m', 'p', '4', 'v'),
            fps,
            new Size(width, height)
        );
        if (_writer.IsOpened())
            return;
        _writer.Dispose();
        throw new VideoException($"the video '{path}' cannot be written");
    }

    public override void Finish() => _writer.Release();

    protected override void Encode(Mat picture) => _writer.Write(picture);

    protected override void Dispose(bool disposing) => _writer.Dispose();
}
