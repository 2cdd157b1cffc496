using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Control;

/// <summary>While something is known to be wrong with what is seen, nobody moves; 10 ms from tick to tick.</summary>
public sealed class BlindnessTests : IDisposable
{
    private const double TickMs = 10;
    private const string Lost = "the camera is lost: unplugged";

    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private ControlLoop _loop;

    public BlindnessTests() => _loop = Loop(new ControlOptions { HoldMs = 50 });

    public void Dispose() => _loop.Dispose();

    [Fact]
    public void A_lost_camera_ends_an_action_at_the_next_tick_and_the_robot_holds_then_stops_for_that_reason()
    {
        Offer();
        Assert.Equal(ControlState.Policy, Tick().State);

        _loop.Blindness = Lost;
        var actions = Enumerable.Range(0, 7).Select(_ => Tick()).ToList();

        Assert.Equal(
            Enumerable.Repeat(ControlState.Hold, 5).Append(ControlState.Stop).Append(ControlState.Stop),
            actions.Select(a => a.State)
        );
        Assert.All(actions[..5], action => Assert.Equal(Lost, action.Reason));
        Assert.Equal($"held for 50 ms: {Lost}", actions[^1].Reason);
        Assert.All(actions, action => Assert.Equal(0, action.Values[0]));
    }

    [Theory]
    [InlineData(ChunkBlend.Switch)]
    [InlineData(ChunkBlend.Ensemble)]
    public void A_chunk_that_would_go_on_for_seconds_ends_at_once_and_is_not_taken_up_again(ChunkBlend blend)
    {
        _loop = Loop(new ControlOptions { MaximumActionAgeMs = 60_000 }, new ChunkExecution { Blend = blend });
        _loop.Offer(Make.Chunk(_clock.NowNs, 2, stepMs: 5_000, 0.25f, 0.75f, 0.25f, 0.75f));
        Assert.Equal(ControlState.Policy, Tick().State);

        _loop.Blindness = Lost;
        Assert.Equal(ControlState.Hold, Tick().State);
        _loop.Blindness = null;

        Assert.Equal(ControlState.Hold, Tick().State);
        Assert.True(_loop.Demand.IsWanted);
    }

    [Fact]
    public void Sight_that_was_lost_and_is_back_between_two_ticks_ends_what_was_seen_before_all_the_same()
    {
        Offer();
        Tick();
        _loop.Blindness = Lost;
        _loop.Blindness = null;

        Assert.Equal(ControlState.Hold, Tick().State);
    }

    [Fact]
    public void Actions_of_a_frozen_camera_are_refused_however_many_come()
    {
        _loop.Blindness = "the camera is frozen";
        for (var i = 0; i < 10; i++)
        {
            Offer();
            Tick();
        }

        Assert.Equal((ControlState.Hold, "the camera is frozen"), (_robot.Last.State, _robot.Last.Reason));
        Assert.Equal(10, _loop.Snapshot().RefusedFor(Refusal.Blind));
    }

    [Fact]
    public void The_robot_goes_on_with_the_first_action_whose_picture_is_newer_than_the_end_of_the_blindness()
    {
        Offer();
        Tick();
        _loop.Blindness = Lost;
        Tick();
        var before = Make.Action(_clock.NowNs, 0.25f, 0.75f);
        _loop.Blindness = null;
        _loop.Blindness = null;

        _loop.Offer(before);
        Assert.Equal(ControlState.Hold, Tick().State);
        _loop.Blindness = null;
        Offer();
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Fact]
    public void The_reason_of_a_hold_becomes_the_blindness_that_is_found_out_while_it_lasts()
    {
        _loop = Loop(new ControlOptions { MaximumActionAgeMs = 10, HoldMs = 50 });
        Offer();
        Tick();
        Assert.Equal("the last action's observation is 20 ms old, allowed are 10 ms", Tick().Reason);

        _loop.Blindness = Lost;

        Assert.Equal((ControlState.Hold, Lost), (Tick().State, _robot.Last.Reason));
    }

    [Fact]
    public void Before_the_first_action_a_lost_camera_is_said_and_nothing_is_stopped_for_it()
    {
        _loop.IdleReason = "no instruction yet";
        _loop.Blindness = Lost;
        for (var i = 0; i < 100; i++)
            Tick();
        Assert.Equal((ControlState.Hold, Lost), (_robot.Last.State, _robot.Last.Reason));

        _loop.Blindness = null;

        Assert.Equal("no instruction yet", Tick().Reason);
    }

    [Fact]
    public void An_operators_stop_keeps_its_reason_whatever_the_camera_does()
    {
        _loop.Stop("stopped by the operator");
        Tick();
        _loop.Blindness = Lost;

        Assert.Equal((ControlState.Stop, "stopped by the operator"), (Tick().State, _robot.Last.Reason));
    }

    private PublishedAction Tick()
    {
        _clock.Advance(TickMs);
        _loop.Tick(_clock.NowNs);
        return _robot.Last;
    }

    private void Offer()
    {
        _clock.Advance(1);
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
    }

    private ControlLoop Loop(ControlOptions options, ChunkExecution? execution = null) =>
        new(Make.Profile(), options with { RateHz = 1_000 / TickMs }, [_robot], _clock, execution);
}
