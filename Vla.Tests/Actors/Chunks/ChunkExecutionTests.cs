using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Chunks;

/// <summary>Chunks in the control loop: two dimensions, x and an either/or gripper, a tick every 10 ms.</summary>
public sealed class ChunkExecutionTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private ControlLoop? _loop;

    public void Dispose() => _loop?.Dispose();

    [Fact]
    public void A_new_chunk_takes_the_place_of_the_old_one()
    {
        Use(ChunkExecution.Freshest);
        Offer(0.1f, 0.2f, 0.3f);
        Tick(3);

        Offer(0.5f, 0.6f, 0.7f);

        Assert.Equal(0.5f, Tick().Values[0]);
    }

    [Fact]
    public void An_ensemble_is_the_weighted_mean_of_all_that_have_an_action_for_now_the_oldest_first()
    {
        Use(new ChunkExecution { Blend = ChunkBlend.Ensemble, EnsembleDecay = 0.5 });
        Offer(0.1f, 0.2f, 0.3f, 0.4f);
        Tick(2);
        Offer(0.5f, 0.6f, 0.7f, 0.8f);

        var (older, newer) = (1.0, Math.Exp(-0.5));
        Assert.Equal((0.2 * older + 0.5 * newer) / (older + newer), Tick().Values[0], 1e-6);
        Assert.Equal((0.3 * older + 0.6 * newer) / (older + newer), Tick(2).Values[0], 1e-6);
        Tick(3);

        // The older has nothing to say any more.
        Assert.Equal(0.8f, Tick().Values[0]);
    }

    [Fact]
    public void Either_or_values_are_the_newest_chunks()
    {
        Use(new ChunkExecution { Blend = ChunkBlend.Ensemble, Binary = [1] });
        OfferRows(0, 0, 0, 0);
        Tick();
        OfferRows(0, 1, 0, 1);

        Assert.InRange(Tick().Values[1], 0.99f, 1);
    }

    [Fact]
    public void What_was_planned_for_another_instruction_is_not_blended_in()
    {
        Use(new ChunkExecution { Blend = ChunkBlend.Ensemble });
        Offer(0.1f, 0.2f, 0.3f);
        Tick();
        var chunk = Make.Chunk(_clock.NowNs, 2, 20, 0.7f, 0, 0.7f, 0);
        _loop!.Offer(chunk with { Origin = chunk.Origin with { Words = new WordsInForce(2, "other") } });

        Assert.Equal(0.7f, Tick().Values[0]);
    }

    [Fact]
    public void More_chunks_than_fit_leave_the_newest()
    {
        Use(new ChunkExecution { Blend = ChunkBlend.Ensemble, EnsembleDecay = 0 });
        for (var i = 0; i < ChunkEnsemble.MaximumChunks + 5; i++)
        {
            OfferRows([.. Enumerable.Repeat(i < 5 ? 1f : 0.25f, 2_000)]);
            Tick();
        }

        Assert.Equal(0.25f, _robot.Last.Values[0]);
    }

    [Theory]
    [InlineData(ChunkBlend.Switch)]
    [InlineData(ChunkBlend.Ensemble)]
    public void At_a_seam_nothing_jumps_beyond_the_rate_limit(ChunkBlend blend)
    {
        const float Rate = 2;
        Use(new ChunkExecution { Blend = blend }, Make.Profile(Rate, acceleration: 1_000));
        Offer([.. Enumerable.Repeat(0.9f, 100)]);
        Tick(100);
        Assert.Equal(0.9f, _robot.Last.Values[0], 1e-6f);

        Offer([.. Enumerable.Repeat(-0.9f, 100)]);
        Tick(190);

        Assert.All(
            _robot.Applied.Zip(_robot.Applied.Skip(1)),
            pair => Assert.True(Math.Abs(pair.Second.Values[0] - pair.First.Values[0]) <= Rate * 0.01f + 1e-6f)
        );
        Assert.Equal(-0.9f, _robot.Last.Values[0], 1e-6f);
    }

    [Fact]
    public void How_many_actions_of_each_chunk_were_published_is_counted()
    {
        Use(ChunkExecution.Freshest);
        Offer(0.1f, 0.2f, 0.3f, 0.4f);
        Tick(5); // At 10, 20, … 50 ms: actions 0, 1, 1, 2, 2.
        Offer(0.1f, 0.2f, 0.3f, 0.4f);
        Tick(8); // All four, and the end.

        var chunks = _loop!.Snapshot().Chunks;

        Assert.Equal(new ChunkCounts(Begun: 2, Actions: 7, CarriedOut: 1, CutShort: 1, ActionsOfLast: 4), chunks);
    }

    [Fact]
    public void Actions_that_were_past_on_arrival_are_not_counted()
    {
        Use(ChunkExecution.Freshest);
        _loop!.Offer(Make.Chunk(_clock.NowNs - 35_000_000, 4, 20, new float[8]));
        Tick(4); // At 45, 55, 65, 75 ms after the picture: actions 2, 2, 3, 3.
        Tick();

        Assert.Equal(new ChunkCounts(1, 2, CarriedOut: 1, CutShort: 0, ActionsOfLast: 2), _loop.Snapshot().Chunks);
    }

    [Fact]
    public void A_share_is_carried_out_before_the_next_chunk_is_wanted()
    {
        var wanted = 0;
        Use(new ChunkExecution { Execute = 2 });
        _loop!.Demand.Wanted = () => wanted++;
        Assert.True(_loop.Demand.IsWanted);
        Offer(new float[10]);
        Assert.False(_loop.Demand.IsWanted);

        // It took one tick, so it is asked for one tick before two of its actions are done, at 40 ms.
        Tick(2);
        Assert.Equal((0, false), (wanted, _loop.Demand.IsWanted));
        Tick();

        Assert.Equal((1, true), (wanted, _loop.Demand.IsWanted));
    }

    [Fact]
    public void A_chunk_that_is_refused_is_followed_by_the_wish_for_another()
    {
        Use(new ChunkExecution { Execute = 2 });
        Offer(float.NaN, 0);
        Tick();

        Assert.True(_loop!.Demand.IsWanted);
    }

    private void Offer(params float[] x) => OfferRows([.. x.SelectMany(value => new[] { value, 0 })]);

    private void OfferRows(params float[] rows) => _loop!.Offer(Make.Chunk(_clock.NowNs, rows.Length / 2, 20, rows));

    private PublishedAction Tick(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            _clock.Advance(10);
            _loop!.Tick(_clock.NowNs);
        }

        return _robot.Last;
    }

    // As long as a chunk lasts it may be followed: how old its picture may grow is tried elsewhere.
    private void Use(ChunkExecution execution, RobotProfile? profile = null) =>
        _loop = new ControlLoop(
            profile ?? Make.Profile(),
            new ControlOptions { RateHz = 100, MaximumChunkAgeMs = 60_000 },
            [_robot],
            _clock,
            execution
        );
}
