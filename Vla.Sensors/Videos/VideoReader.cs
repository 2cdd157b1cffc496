namespace Vla.Sensors.Videos;

/// <summary>Opens video files with whatever can decode them: OpenCV, or else the <c>ffmpeg</c> program.</summary>
internal static class VideoReader
{
    /// <param name="path">Of the file.</param>
    /// <param name="program">That of this machine when left out.</param>
    /// <returns>One of which at least one picture can be decoded.</returns>
    /// <exception cref="VideoException">It is missing or no video, or neither can decode it.</exception>
    public static IVideoReader Open(string path, FfmpegProgram? program = null)
    {
        if (!File.Exists(path))
            throw new VideoException($"video '{path}' is missing");
        OpenCvNative.EnsureLoaded();
        if (OpenCvVideo.TryOpen(path, out var codec) is { } video)
            return video;
        program ??= FfmpegProgram.OfThisMachine;
        if (program.IsInstalled)
            return FfmpegVideo.Open(path, program);
        throw new VideoException(
            codec.Length > 0
                ? $"no picture of video '{path}' ({codec}) can be decoded: OpenCV cannot, and the ffmpeg program is "
                    + $"not here: {FfmpegProgram.Install}, or convert it to H.264"
                : $"video '{path}' is damaged, or in a format that OpenCV cannot decode; for others "
                    + $"{FfmpegProgram.Install}"
        );
    }
}
