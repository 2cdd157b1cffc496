using System.Collections.Concurrent;
using Vla.Actors.Observers;

namespace Vla.Tests.Actors.Observers;

public sealed class ControllerObserversTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ControllerObservers _observers = new();

    public void Dispose() => _observers.Dispose();

    [Fact]
    public void An_observer_sees_what_it_wants_in_its_order_and_nothing_else()
    {
        var watcher = new Watcher { Wants = Sightings.Ticks };
        using var subscription = _observers.Add(watcher);

        for (var i = 0; i < 100; i++)
        {
            _observers.Show(new Sighting(Sightings.Ticks, i, null, i));
            _observers.Show(new Sighting(Sightings.Events, i, "something else"));
        }

        Assert.True(subscription.Flush(Patience));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), watcher.Seen.Select(seen => seen.Value));
        Assert.Equal(new ObserverSnapshot("watcher", 100, 0, 0, null), subscription.Snapshot());
    }

    [Fact]
    public void One_that_hangs_holds_up_nobody_and_what_it_misses_is_counted()
    {
        using var release = new ManualResetEventSlim();
        var slow = new Watcher
        {
            Wants = Sightings.Ticks,
            QueueCapacity = 4,
            Seeing = () => release.Wait(Patience),
        };
        var other = new Watcher { Wants = Sightings.Ticks };
        using var first = _observers.Add(slow);
        using var second = _observers.Add(other);

        for (var i = 0; i < 100; i++)
            _observers.Show(new Sighting(Sightings.Ticks, i, null, i));

        Assert.True(second.Flush(Patience));
        Assert.Equal(100, other.Seen.Count);
        Assert.InRange(first.Snapshot().Missed, 95, 96);
        release.Set();
        Assert.True(first.Flush(Patience));
        Assert.Equal(100, first.Snapshot().Missed + slow.Seen.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(-1)]
    public void However_short_a_queue_is_asked_for_nothing_in_it_is_lost_unsaid(int capacity)
    {
        using var release = new ManualResetEventSlim();
        var watcher = new Watcher
        {
            Wants = Sightings.Ticks,
            QueueCapacity = capacity,
            Seeing = () => release.Wait(Patience),
        };
        using var subscription = _observers.Add(watcher);

        for (var i = 0; i < 20; i++)
            _observers.Show(new Sighting(Sightings.Ticks, i, null, i));

        release.Set();
        Assert.True(subscription.Flush(Patience));
        Assert.Equal(20, subscription.Snapshot().Missed + watcher.Seen.Count);
        Assert.Equal(watcher.Seen.Select(seen => seen.Value).Order(), watcher.Seen.Select(seen => seen.Value));
    }

    [Fact]
    public void One_that_throws_is_shown_what_comes_next()
    {
        var broken = new Watcher
        {
            Wants = Sightings.Events,
            Seeing = () => throw new InvalidOperationException("no disk\nat all"),
        };
        using var subscription = _observers.Add(broken);

        _observers.Show(new Sighting(Sightings.Events, 1, "one"));
        _observers.Show(new Sighting(Sightings.Events, 2, "two"));

        Assert.True(subscription.Flush(Patience));
        Assert.Equal(2, broken.Seen.Count);
        Assert.Equal((2, 2), (subscription.Snapshot().Seen, subscription.Snapshot().Failures));
        Assert.DoesNotContain('\n', subscription.Snapshot().LastError!);
    }

    [Fact]
    public void What_waits_is_shown_at_the_end_and_nothing_afterwards()
    {
        var watcher = new Watcher { Wants = Sightings.All };
        var subscription = _observers.Add(watcher);
        for (var i = 0; i < 50; i++)
            _observers.Show(new Sighting(Sightings.Chunks, i, "chunk"));

        subscription.Dispose();
        _observers.Show(new Sighting(Sightings.Chunks, 50, "too late"));

        Assert.Equal(50, watcher.Seen.Count);
        Assert.False(_observers.AreWanted(Sightings.Chunks));
    }

    [Fact]
    public void Many_threads_may_show_at_once()
    {
        const int Threads = 4,
            Each = 2_000;
        var watcher = new Watcher { Wants = Sightings.Ticks, QueueCapacity = Threads * Each };
        using var subscription = _observers.Add(watcher);

        Parallel.For(
            0,
            Threads,
            thread =>
            {
                for (var i = 0; i < Each; i++)
                    _observers.Show(new Sighting(Sightings.Ticks, thread, null, i));
            }
        );

        Assert.True(subscription.Flush(Patience));
        Assert.Equal(Threads * Each, watcher.Seen.Count);
        Assert.All(
            watcher.Seen.GroupBy(seen => seen.AtNs),
            thread => Assert.Equal(thread.Select(seen => seen.Value).Order(), thread.Select(seen => seen.Value))
        );
    }

    [Fact]
    public void Showing_allocates_nothing_whether_there_is_room_or_not()
    {
        using var release = new ManualResetEventSlim();
        using var subscription = _observers.Add(
            new Watcher
            {
                Wants = Sightings.Ticks,
                QueueCapacity = 64,
                Seeing = () => release.Wait(Patience),
            }
        );
        Show(10);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Show(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        release.Set();

        void Show(int count)
        {
            for (var i = 0; i < count; i++)
                _observers.Show(new Sighting(Sightings.Ticks, i, null, i));
        }
    }

    private sealed class Watcher : IObserver
    {
        public string Name => "watcher";

        public required Sightings Wants { get; init; }

        public int QueueCapacity { get; init; } = 256;

        public Action? Seeing { get; init; }

        public ConcurrentQueue<Sighting> Seen { get; } = new();

        public void Observe(in Sighting sighting)
        {
            Seen.Enqueue(sighting);
            Seeing?.Invoke();
        }
    }
}
