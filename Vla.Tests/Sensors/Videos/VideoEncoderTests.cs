using OpenCvSharp;
using Vla.Sensors.Datasets;
using Vla.Sensors.Videos;

namespace Vla.Tests.Sensors.Videos;

public sealed class VideoEncoderTests : IDisposable
{
    private const int Fps = 30;
    private const int Pictures = 40;

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void OpenCVs_own_encoder_writes_what_it_is_given() => AssertWrites(VideoCodec.Mpeg4);

    /// <summary>With which of its encoders the program was built is the distribution's choice.</summary>
    public static TheoryData<string> Codecs() =>
        [
            .. new[] { "h264", "av1", "mpeg4" }.Where(name =>
                VideoCodec.Find(name, FfmpegProgram.OfThisMachine) is not null
            ),
        ];

    [FfmpegTheory]
    [MemberData(nameof(Codecs))]
    public void So_does_the_programs(string name)
    {
        AssertWrites(VideoCodec.Find(name, FfmpegProgram.OfThisMachine)!);

        var what = FfmpegProgram.OfThisMachine.Describe(_directory.File("film.mp4"));
        Assert.Equal((name, "yuv420p", 30.0), (what.Codec, what.PixelFormat, what.Fps));
    }

    [FfmpegFact]
    public void A_browser_can_begin_before_all_is_there()
    {
        var bytes = File.ReadAllBytes(Write(VideoCodec.OfThisMachine(64), "film.mp4", 0));

        Assert.InRange(bytes.AsSpan().IndexOf("moov"u8), 0, bytes.AsSpan().IndexOf("mdat"u8));
    }

    [FfmpegFact]
    public void What_is_joined_is_one_video_with_exact_times()
    {
        string[] parts =
        [
            Write(VideoCodec.OfThisMachine(64), "a.mp4", 0),
            Write(VideoCodec.OfThisMachine(64), "b.mp4", 3),
        ];
        var joined = _directory.File("joined.mp4");

        Mp4Join.Write(parts, joined, Fps);

        var times = Read(
            joined,
            (n, grey) =>
                Assert.InRange(
                    grey,
                    Grey(n % Pictures + (n < Pictures ? 0 : 3)) - 3,
                    Grey(n % Pictures + (n < Pictures ? 0 : 3)) + 3
                )
        );
        Assert.Equal(2 * Pictures, times.Count);
        Assert.All(
            times.Select((seconds, n) => (seconds, n)),
            pair => Assert.Equal(pair.n / (double)Fps, pair.seconds, 1e-6)
        );
        var bytes = File.ReadAllBytes(joined);
        Assert.InRange(bytes.AsSpan().IndexOf("moov"u8), 0, bytes.AsSpan().IndexOf("mdat"u8));
    }

    [FfmpegFact]
    public void Videos_of_different_codecs_are_not_joined()
    {
        string[] parts = [Write(VideoCodec.Mpeg4, "a.mp4", 0), Write(VideoCodec.OfThisMachine(64), "b.mp4", 3)];

        Assert.Throws<DatasetException>(() => Mp4Join.Write(parts, _directory.File("joined.mp4"), Fps));
    }

    [FfmpegFact]
    public void What_cannot_be_written_is_said()
    {
        var path = _directory.File("no/such/folder/film.mp4");

        var exception = Assert.Throws<VideoException>(() => Write(VideoCodec.OfThisMachine(64), path, 0));

        Assert.Contains(path, exception.Message);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [FfmpegFact]
    public void One_that_is_given_up_leaves_no_process()
    {
        using var picture = new Mat(32, 32, MatType.CV_8UC3, Scalar.Black);
        var encoder = VideoEncoder.Create(_directory.File("film.mp4"), Fps, 32, 32);
        encoder.Write(picture);

        encoder.Dispose();
        encoder.Dispose();

        Assert.DoesNotContain(CommandLines(), line => line.Contains(_directory.Path, StringComparison.Ordinal));
    }

    /// <summary>What was started by whom is in no way of .NET's; Linux tells it in files.</summary>
    private static IEnumerable<string> CommandLines()
    {
        foreach (var process in Directory.Exists("/proc") ? Directory.GetDirectories("/proc") : [])
        {
            string line;
            try
            {
                line = File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue; // None, or over by now.
            }

            yield return line;
        }
    }

    [Fact]
    public void Without_the_program_OpenCV_records_and_that_is_said()
    {
        var codec = VideoCodec.Best(new FfmpegProgram(null, null));

        Assert.Equal("mpeg4", codec.Name);
        Assert.Contains("apt-get install ffmpeg", codec.Note);
    }

    public void Dispose() => _directory.Dispose();

    private static double Grey(int n) => 20 + 5 * n;

    private void AssertWrites(VideoCodec codec)
    {
        var times = Read(Write(codec, "film.mp4", 0), (n, grey) => Assert.InRange(grey, Grey(n) - 3, Grey(n) + 3));

        Assert.Equal(Pictures, times.Count);
        Assert.All(
            times.Select((seconds, n) => (seconds, n)),
            pair => Assert.Equal(pair.n / (double)Fps, pair.seconds, 1e-6)
        );
    }

    private string Write(VideoCodec codec, string name, int first)
    {
        var path = _directory.File(name);
        using var encoder = VideoEncoder.Create(path, Fps, 96, 64, codec);
        for (var n = 0; n < Pictures; n++)
        {
            using var picture = new Mat(64, 96, MatType.CV_8UC3, Scalar.All(Grey(first + n)));
            encoder.Write(picture);
        }

        encoder.Finish();
        return path;
    }

    private static List<double> Read(string path, Action<int, double> look)
    {
        using var video = VideoReader.Open(path);
        using var picture = new Mat();
        var times = new List<double>();
        while (video.Read(picture, out var seconds))
        {
            look(times.Count, Cv2.Mean(picture).Val1);
            times.Add(seconds);
        }

        return times;
    }
}
