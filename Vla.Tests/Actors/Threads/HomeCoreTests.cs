using Vla.Actors.Threads;
using Vla.Sensors;

namespace Vla.Tests.Actors.Threads;

/// <summary>On a machine with one core, or not on Linux, there is nothing to choose and nothing happens.</summary>
public sealed class HomeCoreTests : IDisposable
{
    private const long Light = 20 * MonotonicTime.NsPerUs;
    private const long Heavy = 10 * MonotonicTime.NsPerMs;

    private readonly HomeCore _home = new();
    private readonly WorkThread _leader = new();
    private readonly WorkThread _thread = new();
    private readonly HomeCore.Follower _follower;
    private readonly IReadOnlyList<int> _allowed = Cores.Of(0);

    public HomeCoreTests() => _follower = _home.NewFollower();

    public void Dispose()
    {
        _leader.Dispose();
        _thread.Dispose();
    }

    private IReadOnlyList<int> WhereItMayRun => _thread.Run(() => Cores.Of(Cores.ThisThread));

    [Fact]
    public void A_thread_that_follows_is_where_the_leader_is_and_moves_with_it()
    {
        if (!Cores.AreSeveral) return;
        _thread.Run(_follower.Follow);
        Assert.Equal(_allowed, WhereItMayRun);

        foreach (var core in _allowed.Take(2))
        {
            LeadFrom(core);
            Assert.Equal([core], WhereItMayRun);
        }
    }

    [Fact]
    public void A_leader_that_goes_to_and_fro_is_not_followed()
    {
        if (!Cores.AreSeveral) return;
        LeadFrom(_allowed[0]);
        _thread.Run(_follower.Follow);

        for (var i = 0; i < 5; i++)
        {
            LeadFrom(_allowed[1], pictures: 1);
            LeadFrom(_allowed[0], pictures: 1);
        }

        LeadFrom(_allowed[1], pictures: 1);
        Assert.Equal([_allowed[0]], WhereItMayRun);
    }

    [Fact]
    public void Whoever_comes_later_goes_there_too()
    {
        if (!Cores.AreSeveral) return;
        LeadFrom(_allowed[1]);

        _thread.Run(_follower.Follow);

        Assert.Equal([_allowed[1]], WhereItMayRun);
    }

    [Fact]
    public void A_thread_that_leaves_may_run_anywhere_and_is_left_alone()
    {
        if (!Cores.AreSeveral) return;
        LeadFrom(_allowed[0]);
        _thread.Run(_follower.Follow);

        _thread.Run(_follower.Leave);
        LeadFrom(_allowed[1]);

        Assert.Equal(_allowed, WhereItMayRun);
    }

    [Fact]
    public void A_stage_with_little_to_do_follows()
    {
        if (!Cores.AreSeveral) return;
        LeadFrom(_allowed[0]);

        Work(Light, times: 1);

        Assert.Equal([_allowed[0]], WhereItMayRun);
    }

    [Fact]
    public void A_stage_that_takes_long_stays_free()
    {
        if (!Cores.AreSeveral) return;
        LeadFrom(_allowed[0]);

        Work(Heavy, times: 5);

        Assert.Equal(_allowed, WhereItMayRun);
    }

    [Fact]
    public void A_stage_that_comes_to_take_long_is_freed_and_one_slow_piece_among_many_changes_nothing()
    {
        if (!Cores.AreSeveral) return;
        LeadFrom(_allowed[0]);
        Work(Light, times: 20);

        Work(8 * MonotonicTime.NsPerMs, times: 1);
        Assert.Equal([_allowed[0]], WhereItMayRun);
        Work(Heavy, times: 5);

        Assert.Equal(_allowed, WhereItMayRun);
    }

    private void LeadFrom(int core, int pictures = 2) => _leader.Run(() =>
    {
        Cores.Bind(Cores.ThisThread, core);
        for (var i = 0; i < pictures; i++) _home.Lead();
    });

    private void Work(long tookNs, int times) => _thread.Run(() =>
    {
        for (var i = 0; i < times; i++) _follower.Worked(tookNs);
    });
}
