namespace Vla.Sensors.Videos;

/// <summary>What videos are recorded in.</summary>
/// <param name="Name">FFmpeg's and LeRobot's name of it.</param>
/// <param name="Encoder">Of the <c>ffmpeg</c> program; null for OpenCV's own.</param>
/// <param name="Settings">How it encodes: as good as lossless to the eye, quickly enough for a live camera.</param>
/// <param name="SmallestSide">Pixels: smaller pictures its encoder refuses.</param>
internal sealed record VideoCodec(string Name, string? Encoder, IReadOnlyList<string> Settings, int SmallestSide = 2)
{
    /// <summary>What browsers and LeRobot play.</summary>
    public static readonly VideoCodec H264 = new("h264", "libx264", ["-preset", "veryfast", "-crf", "18", "-bf", "0"]);

    /// <summary>What LeRobot records by default; slower to encode.</summary>
    public static readonly VideoCodec Av1 = new("av1", "libsvtav1", ["-preset", "10", "-crf", "25"], SmallestSide: 64);

    /// <summary>
    /// MPEG-4 part 2: all that OpenCV's FFmpeg encodes into MP4. LeRobot reads it, browsers do not play it.
    /// </summary>
    public static readonly VideoCodec Mpeg4 = new("mpeg4", null, []);

    /// <summary>The best of those that this machine has encoders for.</summary>
    /// <param name="smallestSide">Of the pictures, pixels.</param>
    public static VideoCodec OfThisMachine(int smallestSide) => Best(FfmpegProgram.OfThisMachine, smallestSide);

    /// <summary>What there is to say of it before it is used; null when there is nothing.</summary>
    public string? Note =>
        Encoder is null
            ? "videos are MPEG-4 part 2, which browsers do not play, since there is no ffmpeg program with an "
                + $"encoder for H.264 or AV1: {FfmpegProgram.Install}"
            : null;

    public static VideoCodec Best(FfmpegProgram program, int smallestSide = int.MaxValue) =>
        new[] { H264, Av1 }.FirstOrDefault(codec => codec.SmallestSide <= smallestSide && codec.IsIn(program)) ?? Mpeg4;

    /// <summary>One by its name, where this machine can encode it; null otherwise.</summary>
    public static VideoCodec? Find(string name, FfmpegProgram program, int smallestSide = int.MaxValue) =>
        new[] { H264, Av1, Mpeg4 }.FirstOrDefault(codec =>
            codec.Name == name && codec.SmallestSide <= smallestSide && (codec.Encoder is null || codec.IsIn(program))
        );

    private bool IsIn(FfmpegProgram program) => program.IsInstalled && program.HasEncoder(Encoder!);
}
