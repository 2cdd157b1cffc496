using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Chunks;

/// <summary>Chunks of ten actions, 100 ms apart; a tick every 20 ms.</summary>
public sealed class ChunkDemandTests
{
    private const int TickMs = 20;

    private long _nowMs = 1_000;
    private int _told;

    [Fact]
    public void Without_a_share_to_carry_out_more_is_always_wanted_and_nobody_needs_to_be_told()
    {
        var demand = Demand(execute: null);

        demand.Served();
        demand.Look(Chunk(capturedMs: 1_000), Ns(1_000));

        Assert.True(demand.IsAlways);
        Assert.True(demand.IsWanted);
        Assert.Equal(0, _told);
    }

    [Fact]
    public void The_next_chunk_is_wanted_when_the_share_is_carried_out()
    {
        var demand = Demand(execute: 4);
        var chunk = Chunk(capturedMs: 1_000);
        demand.Served();

        // It came at once, so asking takes no time.
        Assert.Equal(1_400, WantedAt(demand, chunk));
        Assert.Equal(1, _told);
    }

    [Fact]
    public void It_is_asked_for_as_much_earlier_as_the_last_one_took()
    {
        var demand = Demand(execute: 4);
        demand.Served();
        WantedAt(demand, Chunk(capturedMs: 1_000));
        _nowMs += 100; // What it took.
        demand.Served();

        // From a picture of 1460 ms, there at 1500 ms: its actions 0 to 3 end at 1860 ms.
        Assert.Equal(1_760, WantedAt(demand, Chunk(capturedMs: 1_460)));
    }

    [Fact]
    public void Actions_that_were_past_when_the_chunk_came_do_not_count()
    {
        var demand = Demand(execute: 4);
        _nowMs = 1_160;
        demand.Served();

        // There at 1160 ms: actions 1 to 4, which end at 1500 ms, less the 160 ms that it took.
        Assert.Equal(1_340, WantedAt(demand, Chunk(capturedMs: 1_000)));
    }

    [Fact]
    public void No_more_is_counted_on_than_the_chunk_holds()
    {
        var demand = Demand(execute: 10);
        _nowMs = 1_160;
        demand.Served();

        Assert.Equal(1_840, WantedAt(demand, Chunk(capturedMs: 1_000)));
    }

    [Fact]
    public void The_measured_time_rises_at_once_sinks_slowly_and_has_an_end()
    {
        var demand = Demand(execute: 4);
        var chunk = Chunk(capturedMs: _nowMs);
        demand.Served();
        Take(tookMs: 80);
        Assert.Equal(Ns(80), demand.LeadNs);
        Take(tookMs: 0);
        Assert.Equal(Ns(70), demand.LeadNs);
        Take(tookMs: 100);
        Assert.Equal(Ns(100), demand.LeadNs);
        Take(tookMs: 10_000);
        Assert.Equal(Ns(200), demand.LeadNs);

        void Take(int tookMs)
        {
            WantedAt(demand, chunk);
            _nowMs += tookMs;
            demand.Served();
            chunk = Chunk(capturedMs: _nowMs);
            demand.Look(chunk, Ns(_nowMs));
        }
    }

    [Fact]
    public void While_there_is_none_one_is_wanted_and_how_long_that_takes_says_nothing()
    {
        var demand = Demand(execute: 4);
        Assert.True(demand.IsWanted);
        demand.Look(null, Ns(_nowMs));
        _nowMs += 60_000;
        demand.Served();

        demand.Look(Chunk(capturedMs: _nowMs - 40), Ns(_nowMs));

        Assert.False(demand.IsWanted);
        Assert.Equal(Ns(40), demand.LeadNs);
    }

    [Fact]
    public void A_new_instruction_makes_a_new_plan_wanted_at_once()
    {
        var demand = Demand(execute: 4);
        var chunk = Chunk(capturedMs: 1_000);
        demand.Served();
        demand.Look(chunk, Ns(1_020));
        Assert.False(demand.IsWanted);

        demand.NewestInstruction = 2;
        demand.Look(chunk, Ns(1_040));

        Assert.True(demand.IsWanted);
        Assert.Equal(1, _told);
    }

    [Fact]
    public void A_scene_set_up_anew_makes_a_new_plan_wanted_at_once()
    {
        var demand = Demand(execute: 4);
        demand.Served();
        demand.SceneBeganNs = Ns(1_010);

        demand.Look(Chunk(capturedMs: 1_000), Ns(1_020));

        Assert.True(demand.IsWanted);
    }

    private ChunkDemand Demand(int? execute) => new(execute, Ns(200)) { Wanted = () => _told++ };

    /// <summary>Ticks until it is wanted.</summary>
    private long WantedAt(ChunkDemand demand, ActionChunk chunk)
    {
        for (demand.Look(chunk, Ns(_nowMs)); !demand.IsWanted; demand.Look(chunk, Ns(_nowMs)))
            _nowMs += TickMs;
        return _nowMs;
    }

    private static ActionChunk Chunk(long capturedMs) => Make.Chunk(Ns(capturedMs), 10, 100, new float[20]);

    private static long Ns(long ms) => ms * MonotonicTime.NsPerMs;
}
