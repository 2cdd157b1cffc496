using OpenCvSharp;
using Vla.Runtime.Evaluation;
using Vla.Sensors.Simulation;

namespace Vla.Tests.Runtime.Evaluation;

public sealed class FailureVideoTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly IReadOnlyList<EpisodeResult> _results =
    [
        .. new EvaluationPlan { Episodes = 3 }
            .Lay()
            .Select(
                (episode, i) =>
                {
                    var table = episode.Lay();
                    var first = table.Clone();
                    table.Step(WorldAction.Rest(0));
                    return i == 1
                        ? new EpisodeResult(episode, "", 0.1, [])
                        : new EpisodeResult(episode, Rollout.Timeout, 0.1, [first, table]);
                }
            ),
    ];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_failures_are_in_one_file_one_after_the_other()
    {
        var file = _folder.File("failures.mp4");

        Assert.Equal(2, FailureVideo.Write(file, _results));

        using var film = new VideoCapture(file);
        Assert.Equal((640, 480, 10.0), (film.FrameWidth, film.FrameHeight, film.Fps));
        Assert.Equal(2 * (1 + FailureVideo.LastPictures), film.FrameCount);
    }

    [Fact]
    public void A_folder_gets_a_file_for_each()
    {
        var folder = _folder.File("failures");

        Assert.Equal(2, FailureVideo.Write(folder, _results));

        Assert.Equal(
            ["episode-0000.mp4", "episode-0002.mp4"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order()
        );
    }

    [Fact]
    public void Without_failures_nothing_is_written()
    {
        var file = _folder.File("failures.mp4");

        Assert.Equal(0, FailureVideo.Write(file, [_results[1]]));

        Assert.False(File.Exists(file));
    }

    [Fact]
    public void What_cannot_be_written_is_said()
    {
        var failed = Assert.Throws<EvaluationException>(() =>
            FailureVideo.Write(_folder.File("nowhere/failures.mp4"), _results)
        );

        Assert.Contains("nowhere/failures.mp4", failed.Message, StringComparison.Ordinal);
    }
}
