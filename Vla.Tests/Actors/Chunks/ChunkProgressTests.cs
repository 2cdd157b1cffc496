using Vla.Actors.Chunks;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Chunks;

/// <summary>What a policy is told of its chunks.</summary>
public sealed class ChunkProgressTests
{
    private readonly ChunkTally _tally = new();

    [Fact]
    public void The_delay_is_how_many_actions_of_the_chunk_before_were_published_since_the_new_picture()
    {
        var first = Make.Chunk(0, 5, 100, 0, 1, 2, 3, 4);
        for (var row = 0; row < 5; row++)
            _tally.Published(first, row, row * 100 * MonotonicTime.NsPerMs);
        var second = Make.Chunk(250 * MonotonicTime.NsPerMs, 5, 100, 0, 1, 2, 3, 4);

        _tally.Published(second, 2, 500 * MonotonicTime.NsPerMs);

        // Those at 300 and 400 ms.
        Assert.Equal(2, _tally.Progress.Delay);
        Assert.Same(second, _tally.Progress.InForce);
    }

    [Fact]
    public void A_first_chunk_is_late_by_the_actions_that_were_due_before_it()
    {
        _tally.Published(Make.Chunk(0, 5, 100, 0, 1, 2, 3, 4), 3, 300 * MonotonicTime.NsPerMs);

        Assert.Equal(3, _tally.Progress.Delay);
    }

    [Fact]
    public void One_slow_chunk_is_forgotten_after_a_few_others()
    {
        _tally.Published(Make.Chunk(0, 5, 100, 0, 1, 2, 3, 4), 4, 400 * MonotonicTime.NsPerMs);
        for (var i = 1; i <= ChunkProgress.Remembered; i++)
        {
            Assert.Equal(4, _tally.Progress.Delay);
            var atNs = i * MonotonicTime.NsPerSecond;
            _tally.Published(Make.Chunk(atNs, 5, 100, 0, 1, 2, 3, 4), 0, atNs);
        }

        Assert.Equal(0, _tally.Progress.Delay);
    }

    [Fact]
    public void Nothing_is_in_force_once_nothing_of_a_chunk_is_published_any_more()
    {
        _tally.Published(Make.Chunk(0, 1, 100, 0), 0, 0);
        _tally.End();

        Assert.Null(_tally.Progress.InForce);
        Assert.Equal(1, _tally.Read().CarriedOut);
    }
}
