using Microsoft.Extensions.Time.Testing;
using OpenCvSharp;
using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Sensors.Cameras;

/// <summary>
/// The film has 10 pictures at 10 a second; picture n is a grey of 20 n. Sleeping advances the clock.
/// </summary>
public sealed class VideoFileCameraTests : IDisposable
{
    private const int Pictures = 10;
    private const long PeriodNs = 100 * MonotonicTime.NsPerMs;

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Mat _picture = new();
    private readonly string _film;

    public VideoFileCameraTests()
    {
        _film = _directory.File("film.avi");
        WriteFilm(_film);
    }

    [Fact]
    public void Pictures_come_at_the_rate_of_the_film_and_are_stamped_when_due()
    {
        using var camera = Open();
        var startNs = _time.NowNs();

        for (var n = 0; n < Pictures; n++)
        {
            var capturedNs = camera.Read(_picture);
            AssertNear(startNs + n * PeriodNs, capturedNs);
            Assert.InRange(_time.NowNs() - capturedNs, 0, MonotonicTime.NsPerMs);
            Assert.Equal(n, ShownNumber());
        }
    }

    [Fact]
    public void The_description_tells_size_and_rate()
    {
        using var camera = Open();

        Assert.Equal(new CameraDescription(_film, 64, 48, 10), camera.Description);
    }

    [Fact]
    public void The_end_of_the_film_ends_the_camera()
    {
        using var camera = Open();
        for (var n = 0; n < Pictures; n++)
            camera.Read(_picture);

        var exception = Assert.Throws<CameraEndedException>(() => camera.Read(_picture));

        Assert.Contains("?loop", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_looped_film_begins_again_without_a_break_in_its_schedule()
    {
        using var camera = Open(loop: true);
        var startNs = _time.NowNs();

        for (var n = 0; n < 3 * Pictures; n++)
        {
            AssertNear(startNs + n * PeriodNs, camera.Read(_picture));
            Assert.Equal(n % Pictures, ShownNumber());
        }
    }

    [Fact]
    public void A_reader_that_is_late_misses_pictures_and_the_film_does_not_slow_down()
    {
        using var camera = Open();
        var startNs = camera.Read(_picture);

        _time.Advance(TimeSpan.FromMilliseconds(450));
        var capturedNs = camera.Read(_picture);

        Assert.Equal(4, ShownNumber());
        AssertNear(startNs + 4 * PeriodNs, capturedNs);
        AssertNear(startNs + 5 * PeriodNs, camera.Read(_picture));
    }

    [Fact]
    public void After_a_long_pause_the_film_goes_on_where_it_was()
    {
        using var camera = Open();
        camera.Read(_picture);

        _time.Advance(TimeSpan.FromMinutes(1));
        var capturedNs = camera.Read(_picture);

        Assert.Equal(1, ShownNumber());
        Assert.Equal(_time.NowNs(), capturedNs);
        AssertNear(capturedNs + PeriodNs, camera.Read(_picture));
    }

    [Fact]
    public void A_looped_film_that_is_deleted_meanwhile_ends_with_a_clear_message()
    {
        using var camera = Open(loop: true);
        for (var n = 0; n < Pictures; n++)
            camera.Read(_picture);
        File.Delete(_film);

        var exception = Assert.ThrowsAny<CameraException>(() => camera.Read(_picture));

        Assert.Contains(_film, exception.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void A_pipe_is_not_waited_for()
    {
        var pipe = _directory.File("pipe.mp4");
        using var made = System.Diagnostics.Process.Start("mkfifo", pipe)!;
        made.WaitForExit();

        var exception = Assert.Throws<CameraException>(() => Film.Open(pipe));

        Assert.Contains("is empty, or a pipe and no file", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_film_of_which_nothing_can_be_decoded_is_refused_and_has_not_ended()
    {
        var bytes = File.ReadAllBytes(_film);
        // The pictures, but not the frame of the file around them.
        for (var at = 0; at >= 0 && at < bytes.Length; )
        {
            var next = bytes.AsSpan(at).IndexOf([(byte)0xFF, (byte)0xD8, (byte)0xFF]);
            if (next < 0)
                break;
            bytes.AsSpan(at + next, 400).Clear();
            at += next + 400;
        }

        var damaged = _directory.File("damaged.avi");
        File.WriteAllBytes(damaged, bytes);

        var exception = Assert.Throws<CameraException>(() => Film.Open(damaged));

        Assert.Contains(damaged, exception.Message, StringComparison.Ordinal);
    }

    [Av1Fact]
    public void A_film_that_OpenCV_cannot_decode_is_played_all_the_same()
    {
        var av1 = _directory.File("film.mp4");
        using (
            var encoder = System.Diagnostics.Process.Start(
                "ffmpeg",
                ["-v", "error", "-i", _film, "-c:v", "libaom-av1", "-cpu-used", "8", "-crf", "10", av1]
            )
        )
        {
            encoder.WaitForExit();
            Assert.Equal(0, encoder.ExitCode);
        }

        using var camera = VideoFileCamera.Open(
            new CameraSource.VideoFile(av1),
            _time,
            duration => _time.Advance(duration)
        );
        var startNs = _time.NowNs();
        for (var n = 0; n < Pictures; n++)
        {
            AssertNear(startNs + n * PeriodNs, camera.Read(_picture));
            Assert.Equal(n, ShownNumber());
        }

        Assert.Throws<CameraEndedException>(() => camera.Read(_picture));
    }

    public void Dispose()
    {
        _picture.Dispose();
        _directory.Dispose();
    }

    private VideoFileCamera Open(bool loop = false) =>
        VideoFileCamera.Open(new CameraSource.VideoFile(_film, loop), _time, duration => _time.Advance(duration));

    private int ShownNumber() => (int)Math.Round(_picture.Mean().Val0 / 20);

    // Files keep picture times in units of their own.
    private static void AssertNear(long expectedNs, long actualNs) =>
        Assert.InRange(actualNs - expectedNs, -MonotonicTime.NsPerMs, MonotonicTime.NsPerMs);

    private static void WriteFilm(string path)
    {
        using var writer = new VideoWriter(path, VideoWriter.FourCC('M', 'J', 'P', 'G'), 10, new Size(64, 48));
        Assert.True(writer.IsOpened());
        for (var n = 0; n < Pictures; n++)
        {
            using var picture = new Mat(48, 64, MatType.CV_8UC3, Scalar.All(20 * n));
            writer.Write(picture);
        }
    }
}
