using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Chunks;

/// <summary>How long a chunk is followed after its picture: two dimensions, 10 ms from tick to tick.</summary>
public sealed class ChunkAgeTests : IDisposable
{
    private const int TickMs = 10;

    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private ControlLoop? _loop;

    public void Dispose() => _loop?.Dispose();

    [Theory]
    [InlineData(10, 100, 4, 0, 700)] // The actions to carry out and 300 ms.
    [InlineData(10, 100, null, 0, 400)] // The freshest plan: one step and 300 ms.
    [InlineData(10, 100, 10, 0, 1_000)] // Never more than the chunk.
    [InlineData(10, 20, 4, 0, 200)]
    [InlineData(10, 1_400, 4, 0, 5_900)]
    [InlineData(2, 5_000, null, 0, 5_300)]
    [InlineData(10, 100, 4, 250, 250)]
    [InlineData(10, 100, 4, 60_000, 1_000)]
    [InlineData(1, 20, null, 0, 200)] // A single action: the maximum age.
    [InlineData(1, 20, null, 700, 200)]
    public void Without_a_newer_one_a_chunk_is_followed_until_its_picture_is_as_old_as_the_limit(
        int horizon,
        double stepMs,
        int? execute,
        int setMs,
        int limitMs
    )
    {
        Use(new ChunkExecution { Execute = execute }, setMs);
        Offer(horizon, stepMs);

        var followed = Enumerable.Range(1, 7_000 / TickMs).TakeWhile(_ => Tick().State == ControlState.Policy).Count();

        // The last tick of a chunk that is used up is before its end; of an age that is allowed it is at it.
        Assert.InRange(followed * TickMs, limitMs - TickMs, limitMs);
        Assert.Equal(ControlState.Hold, _robot.Last.State);
        Assert.All(
            _robot.Applied.SkipLast(1),
            action => Assert.Equal(limitMs * MonotonicTime.NsPerMs, action.AgeLimitNs)
        );
        Assert.All(_robot.Applied.SkipLast(1), action => Assert.True(action.AgeNs <= action.AgeLimitNs));
    }

    [Fact]
    public void The_reason_of_the_hold_names_the_age_and_what_is_allowed()
    {
        Use(new ChunkExecution { Execute = 4 });
        Offer(10, stepMs: 100);
        for (var i = 0; i < 71; i++)
            Tick();

        Assert.Equal("the picture behind the last action chunk is 710 ms old, allowed are 700 ms", _robot.Last.Reason);
        Assert.Equal(1, _loop!.Snapshot().RefusedFor(Refusal.Stale));
    }

    [Fact]
    public void An_ensemble_is_made_of_chunks_that_may_still_be_followed_only()
    {
        Use(new ChunkExecution { Blend = ChunkBlend.Ensemble, EnsembleDecay = 0 });
        Offer(100, stepMs: 20, x: 0.2f);
        for (var i = 0; i < 20; i++)
            Tick(); // 200 ms
        Offer(100, stepMs: 20, x: 0.6f);

        Assert.Equal(0.4f, Tick().Values[0], 1e-6);
        for (var i = 0; i < 11; i++)
            Tick(); // The first one's picture is 320 ms old: 300 ms and a step.
        Assert.Equal(0.4f, _robot.Last.Values[0], 1e-6);

        Assert.Equal(0.6f, Tick().Values[0], 1e-6);
    }

    [Fact]
    public void How_old_the_picture_was_on_arrival_is_told_with_every_action_of_the_chunk()
    {
        Use(new ChunkExecution { Execute = 4 });
        _loop!.Offer(Make.Chunk(_clock.NowNs - 60 * MonotonicTime.NsPerMs, 10, 100, new float[20]));
        Tick();

        Assert.All([_robot.Last, Tick()], action => Assert.Equal(70 * MonotonicTime.NsPerMs, action.ArrivalAgeNs));
        Assert.Equal(80 * MonotonicTime.NsPerMs, _robot.Last.AgeNs);
    }

    [Fact]
    public void Before_the_first_action_there_are_no_ages_and_in_a_hold_they_are_those_of_the_last()
    {
        Use(new ChunkExecution { Execute = 1 });
        Assert.Equal((null, null), (Tick().ArrivalAgeNs, _robot.Last.AgeLimitNs));
        Offer(2, stepMs: 20);
        for (var i = 0; i < 5; i++)
            Tick();

        Assert.Equal((ControlState.Hold, 40 * MonotonicTime.NsPerMs), (_robot.Last.State, _robot.Last.AgeLimitNs));
        Assert.Equal(50 * MonotonicTime.NsPerMs, _robot.Last.AgeNs);
    }

    [Fact]
    public void A_chunk_that_is_over_when_it_arrives_is_refused_and_the_one_in_force_stays()
    {
        Use(ChunkExecution.Freshest, setMs: 1_000);
        Offer(100, stepMs: 20, x: 0.2f);
        Tick();
        _loop!.Offer(Make.Chunk(_clock.NowNs - 150 * MonotonicTime.NsPerMs, 5, 20, new float[10]));

        Assert.Equal(0.2f, Tick().Values[0]);
        Assert.Equal(
            "the action chunk was over when it arrived: its picture is 160 ms old, allowed are 100 ms",
            _loop.Snapshot().LastRefusal
        );
    }

    [Fact]
    public void Where_the_limit_comes_before_the_share_to_carry_out_the_next_chunk_is_asked_for_in_time_for_it()
    {
        Use(new ChunkExecution { Execute = 8 }, setMs: 250);
        Offer(10, stepMs: 100);
        Tick(); // It took one tick.
        Assert.False(_loop!.Demand.IsWanted);

        var askedMs = TickMs;
        for (; !_loop.Demand.IsWanted; askedMs += TickMs)
            Tick();

        Assert.Equal(240, askedMs);
        Assert.Equal(ControlState.Policy, _robot.Last.State);
    }

    [Theory]
    [InlineData(
        10,
        20,
        "a chunk comes every 400 ms, its picture 10 ms old, and may be followed until that is 200 ms old "
            + "(--max-chunk-age)"
    )]
    [InlineData(
        1,
        20,
        "an action comes every 400 ms, its picture 10 ms old, and may be followed until that is 200 ms old (--max-age)"
    )]
    public void A_policy_that_is_too_slow_again_and_again_is_called_so_until_it_is_not(
        int horizon,
        double stepMs,
        string words
    )
    {
        Use(ChunkExecution.Freshest);
        for (var chunk = 0; chunk < 1 + ChunkGaps.Accidents; chunk++)
        {
            Assert.Equal("", _loop!.Snapshot().TooSlow);
            Offer(horizon, stepMs);
            for (var i = 0; i < 40; i++)
                Tick();
        }

        Assert.Contains(words, _loop!.Snapshot().TooSlow, StringComparison.Ordinal);

        for (var i = 0; i < 2; i++)
        {
            Offer(horizon, stepMs);
            Tick();
        }

        Assert.Equal("", _loop.Snapshot().TooSlow);
    }

    [Fact]
    public void Pauses_that_a_lost_camera_makes_do_not_count_as_slowness()
    {
        Use(ChunkExecution.Freshest);
        for (var chunk = 0; chunk < 10; chunk++)
        {
            Offer(10, stepMs: 20);
            Tick();
            _loop!.Blindness = "the camera is lost";
            for (var i = 0; i < 40; i++)
                Tick();
            _loop.Blindness = null;
            Tick();
        }

        Assert.Equal("", _loop!.Snapshot().TooSlow);
    }

    private void Offer(int horizon, double stepMs, float x = 0.25f) =>
        _loop!.Offer(
            Make.Chunk(
                _clock.NowNs,
                horizon,
                stepMs,
                [.. Enumerable.Repeat(new[] { x, 0.5f }, horizon).SelectMany(row => row)]
            )
        );

    private PublishedAction Tick()
    {
        _clock.Advance(TickMs);
        _loop!.Tick(_clock.NowNs);
        return _robot.Last;
    }

    private void Use(ChunkExecution execution, int setMs = 0) =>
        _loop = new ControlLoop(
            Make.Profile(),
            new ControlOptions { RateHz = 1_000 / TickMs, MaximumChunkAgeMs = setMs },
            [_robot],
            _clock,
            execution
        );
}
