using Vla.Actors.Telemetry;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Telemetry;

public sealed class TelemetryFeedTests
{
    [Fact]
    public void What_is_written_comes_out_in_order_and_once()
    {
        var ring = new Ring<int>(4);
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 3; i++) ring.Write(round * 10 + i);
            for (var i = 0; i < 3; i++)
            {
                Assert.True(ring.TryRead(out var value));
                Assert.Equal(round * 10 + i, value);
            }

            Assert.False(ring.TryRead(out _));
        }

        Assert.Equal(0, ring.Lost);
    }

    [Fact]
    public void A_full_ring_keeps_the_oldest_and_counts_what_it_does_not_take()
    {
        var ring = new Ring<int>(4);
        for (var i = 0; i < 7; i++) ring.Write(i);

        Assert.Equal(3, ring.Lost);
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(0, 4).Select(_ => ring.TryRead(out var value) ? value : -1));
    }

    [Fact]
    public void The_control_thread_allocates_nothing_whether_anyone_fetches_or_not()
    {
        var feed = new TelemetryFeed();
        var action = new ActionRecord(1, Make.Origin(1_000), 2_000, 3_000, 4_000);
        Write(10);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Write(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(feed.Lost > 0);

        void Write(int count)
        {
            for (var i = 0; i < count; i++)
            {
                feed.Ticked(i);
                feed.Published(action);
            }
        }
    }
}
