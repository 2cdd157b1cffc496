using System.Diagnostics;
using OpenCvSharp;
using Vla.Sensors.Videos;

namespace Vla.Tests.Sensors.Videos;

/// <summary>The film has 60 pictures of 96 × 64 at 10 a second, in AV1; each shows its number.</summary>
public sealed class FfmpegVideoTests : IDisposable
{
    private const int Pictures = 60;

    private static readonly string Film = TestData.Path(
        "datasets/av1/videos/observation.images.front/chunk-000/file-000.mp4"
    );

    private readonly TemporaryDirectory _directory = new();
    private readonly Mat _picture = new();

    public void Dispose()
    {
        _picture.Dispose();
        _directory.Dispose();
    }

    [FfmpegFact]
    public void Every_picture_comes_with_its_time()
    {
        using var video = FfmpegVideo.Open(Film);

        for (var n = 0; n < Pictures; n++)
        {
            Assert.True(video.Read(_picture, out var seconds));
            Assert.Equal(n, BarNumber.Read(_picture));
            Assert.Equal(n / 10.0, seconds, 1e-9);
        }

        Assert.False(video.Read(_picture, out _));
    }

    [FfmpegFact]
    public void It_says_what_the_file_is()
    {
        using var video = FfmpegVideo.Open(Film);

        Assert.Equal(new VideoDescription("av1", "yuv420p", 96, 64, 10, 6), video.Description);
        Assert.Equal((96, 64), (video.Width, video.Height));
    }

    [FfmpegTheory]
    [InlineData(3.1, 31)]
    [InlineData(0.95, 10)]
    [InlineData(0, 0)]
    [InlineData(5.9, 59)]
    public void It_goes_to_a_time_forwards_and_back(double seconds, int number)
    {
        using var video = FfmpegVideo.Open(Film);
        foreach (var from in (double[])[2, seconds])
        {
            video.Seek(from);
            Assert.True(video.Read(_picture, out _));
        }

        Assert.Equal(number, BarNumber.Read(_picture));
    }

    [FfmpegFact]
    public void After_its_end_there_is_nothing()
    {
        using var video = FfmpegVideo.Open(Film);
        video.Seek(100);

        Assert.False(video.Read(_picture, out _));
    }

    [FfmpegTheory]
    [InlineData("-i.mp4")]
    [InlineData("100%d.mp4")]
    [InlineData("a:b.mp4")]
    [InlineData("http:x.mp4")]
    [InlineData("two words 'and' \"more\"; true.mp4")]
    [InlineData("größe 📦.mp4")]
    public void Any_name_is_a_file(string name)
    {
        var path = _directory.File(name);
        File.Copy(Film, path);

        using var video = FfmpegVideo.Open(path);

        Assert.True(video.Read(_picture, out _));
    }

    [FfmpegFact]
    public void A_name_relative_to_the_current_directory_is_a_file_there()
    {
        using var video = FfmpegVideo.Open(Path.GetRelativePath(Environment.CurrentDirectory, Film));

        Assert.True(video.Read(_picture, out _));
    }

    [FfmpegTheory]
    [InlineData("ffconcat version 1.0\nfile '{0}'\n")]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{0}\n#EXT-X-ENDLIST\n")]
    public void A_list_of_other_files_is_no_video(string text)
    {
        File.Copy(Film, _directory.File("film.mp4"));
        var list = _directory.File("list.mp4");
        File.WriteAllText(list, text.Replace("{0}", "film.mp4", StringComparison.Ordinal));

        AssertNames(list, Assert.Throws<VideoException>(() => FfmpegVideo.Open(list)));
    }

    [FfmpegFact]
    public void What_is_no_video_is_named()
    {
        foreach (
            var content in (byte[][])
                [
                    [],
                    [1, 2, 3],
                    File.ReadAllBytes(Film)[..2000],
                    [.. "no video"u8],
                ]
        )
        {
            var path = _directory.Write("film.mp4", content);
            AssertNames(path, Assert.Throws<VideoException>(() => FfmpegVideo.Open(path)));
        }

        AssertNames(
            "missing.mp4",
            Assert.Throws<VideoException>(() => FfmpegVideo.Open(_directory.File("missing.mp4")))
        );
    }

    [FfmpegFact]
    public void A_file_of_which_nothing_can_be_decoded_is_an_error_and_not_an_end()
    {
        var bytes = File.ReadAllBytes(Film);
        // Everything in the box of the pictures; the index stays whole.
        var at = bytes.AsSpan().IndexOf("mdat"u8);
        var size = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at - 4));
        bytes.AsSpan(at + 4, size - 8).Fill(0x55);
        var path = _directory.Write("film.mp4", bytes);

        var exception = Assert.Throws<VideoException>(() => FfmpegVideo.Open(path));

        AssertNames(path, exception);
        Assert.Contains("av1", exception.Message);
    }

    [Fact]
    public void Where_the_program_is_missing_it_says_how_to_install_it()
    {
        var exception = Assert.Throws<VideoException>(() => FfmpegVideo.Open(Film, new FfmpegProgram(null, null)));

        AssertNames(Film, exception);
        Assert.Contains("apt-get install ffmpeg", exception.Message);
    }

    [FfmpegFact]
    public void A_program_that_hangs_is_ended()
    {
        var script = _directory.File("ffmpeg");
        File.WriteAllText(
            script,
            "#!/bin/sh\n[ \"$1\" = -version ] && exec echo ffmpeg version 6.0\necho $$ >\"${0%/*}/pid\"\nexec sleep "
                + "1000\n"
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var program = new FfmpegProgram(script, FfmpegProgram.OfThisMachine.ProbePath);

        var exception = Assert.Throws<VideoException>(() => FfmpegVideo.Open(Film, program, TimeSpan.FromSeconds(1)));

        Assert.Contains("took more than 1 s", exception.Message);

        var pid = File.ReadAllText(_directory.File("pid")).Trim();
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(int.Parse(pid, null)));
    }

    private static void AssertNames(string path, Exception exception)
    {
        Assert.Contains(Path.GetFileName(path), exception.Message);
        Assert.DoesNotContain('\n', exception.Message);
    }
}
