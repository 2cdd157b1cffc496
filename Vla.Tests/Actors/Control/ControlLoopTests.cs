using System.ComponentModel.DataAnnotations;
using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Control;

/// <summary>The loop tick by tick, on a clock that the test moves: no thread, 10 ms from tick to tick.</summary>
public sealed class ControlLoopTests : IDisposable
{
    private const double TickMs = 10;

    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private ControlLoop _loop;

    public ControlLoopTests() => _loop = Loop(new ControlOptions());

    public void Dispose() => _loop.Dispose();

    [Fact]
    public void Before_any_action_the_robot_holds_for_as_long_as_it_takes_and_says_why()
    {
        _loop.IdleReason = "no instruction yet";

        for (var i = 0; i < 1_000; i++)
            Tick();

        Assert.All(_robot.Applied, action => Assert.Equal(ControlState.Hold, action.State));
        Assert.Equal("no instruction yet", _robot.Last.Reason);
        Assert.Equal([0, 0.5f], _robot.Last.Values);
        Assert.Null(_robot.Last.AgeNs);
    }

    [Fact]
    public void A_fresh_action_is_published_with_its_origin_and_numbered_without_gaps()
    {
        Tick();
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        var action = Tick();

        Assert.Equal(ControlState.Policy, action.State);
        Assert.Equal("", action.Reason);
        Assert.Equal([0.25f, 0.75f], action.Values);
        Assert.Equal(7, action.Origin.FrameSequence);
        Assert.Equal(10_000_000, action.AgeNs);
        Assert.Equal([1, 2], _robot.Applied.Select(a => a.Sequence));
    }

    [Fact]
    public void Without_fresh_actions_the_loop_goes_from_policy_to_hold_to_stop_on_time()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 50, HoldMs = 100 });
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));

        var states = Enumerable.Range(0, 20).Select(_ => Tick().State).ToList();

        // Ticks at 10, 20, … 50 ms: fresh. At 60 ms too old: hold. At 160 ms held for 100 ms: stop.
        Assert.Equal(Enumerable.Repeat(ControlState.Policy, 5), states[..5]);
        Assert.Equal(Enumerable.Repeat(ControlState.Hold, 10), states[5..15]);
        Assert.Equal(Enumerable.Repeat(ControlState.Stop, 5), states[15..]);
        Assert.Equal(
            "held for 100 ms: the last action's observation is 60 ms old, allowed are 50 ms",
            _robot.Last.Reason
        );
        Assert.Equal([5, 10, 5], _loop.Snapshot().PublishedByState);
        Assert.Equal(1, _loop.Snapshot().RefusedFor(Refusal.Stale));
    }

    [Fact]
    public void Without_hold_time_the_robot_is_stopped_at_once()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 10, HoldMs = 0 });
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));

        Assert.Equal([ControlState.Policy, ControlState.Stop], [Tick().State, Tick().State]);
    }

    [Fact]
    public void Hold_and_stop_rest_deltas_and_keep_positions()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 10, HoldMs = 10 });
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        Tick();

        var hold = Tick();
        var stop = Tick();

        Assert.Equal((ControlState.Hold, ControlState.Stop), (hold.State, stop.State));
        Assert.Equal([0, 0.75f], hold.Values);
        Assert.Equal([0, 0.75f], stop.Values);
    }

    [Fact]
    public void Hold_slows_down_within_the_limits_and_stop_does_not()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 1_000, HoldMs = 100 }, Make.Profile(rate: 2, acceleration: 20));
        _loop.Offer(Make.Action(_clock.NowNs, 0.8f, 1));
        for (var i = 0; i < 100; i++)
            Tick();

        var hold = Tick();
        var ramp = Enumerable.Range(0, 9).Select(_ => Tick()).ToList();
        var stop = Tick();

        Assert.Equal(ControlState.Hold, hold.State);
        Assert.Equal(0UL, hold.Clamped);
        Assert.InRange(hold.Values[0], 0.75f, 0.7999f);
        Assert.All(ramp, action => Assert.InRange(action.Values[0], 0.01f, 0.8f));
        Assert.Equal(ControlState.Stop, stop.State);
        Assert.Equal([0, 1], stop.Values);
    }

    [Fact]
    public void A_fresh_action_ends_an_automatic_stop()
    {
        StopForWant(ResumeAfterStop.Automatic);
        _loop.Offer(Make.Action(_clock.NowNs, 0.1f, 0.1f));

        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Theory]
    [InlineData(ResumeAfterStop.Auto, 1_900)]
    [InlineData(ResumeAfterStop.ShortStops, 1_900)]
    [InlineData(ResumeAfterStop.Automatic, 10_000)]
    public void A_fresh_action_ends_a_short_stop(ResumeAfterStop resume, int stoppedMs)
    {
        StayStopped(resume, stoppedMs);

        Assert.Equal(ControlState.Policy, Tick().State);
        Assert.False(_loop.Snapshot().NeedsResume);
    }

    [Theory]
    [InlineData(ResumeAfterStop.Auto)]
    [InlineData(ResumeAfterStop.ShortStops)]
    public void After_a_long_stop_somebody_resumes(ResumeAfterStop resume)
    {
        StayStopped(resume, 2_100);

        Assert.Equal(ControlState.Stop, Tick().State);
        Assert.True(_loop.Snapshot().NeedsResume);
        Assert.EndsWith("; stopped for more than 2 s: resume to go on", _robot.Last.Reason, StringComparison.Ordinal);
        _loop.Resume();
        Assert.Equal(ControlState.Hold, Tick().State);
        Fresh();
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    /// <summary>Stopped for want of actions for so long; then there is a fresh one.</summary>
    private void StayStopped(ResumeAfterStop resume, int ms)
    {
        StopForWant(resume);
        var stopped = _robot.Applied.Count(action => action.State == ControlState.Stop) * TickMs;
        for (; stopped < ms; stopped += TickMs)
            Tick();
        Fresh();
    }

    [Fact]
    public void A_failure_of_the_loop_is_a_stop_like_others_a_long_one_waits_for_somebody()
    {
        Fresh();
        Tick();
        _loop.Offer(new ActionChunk(null!, 1, 0, Make.Origin(_clock.NowNs)));
        for (var i = 0; i < 210; i++)
            Tick();
        Fresh();

        Assert.Equal(ControlState.Stop, Tick().State);
        Assert.EndsWith("resume to go on", _robot.Last.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manual_stop_waits_for_resume_and_then_holds_until_a_fresh_action()
    {
        StopForWant(ResumeAfterStop.Manual);
        Assert.EndsWith("resume to go on", _robot.Last.Reason);
        Fresh();
        Assert.Equal(ControlState.Stop, Tick().State);
        for (var i = 0; i < 10; i++)
            Tick();

        _loop.Resume();
        Assert.Equal(ControlState.Hold, Tick().State);
        Fresh();
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Fact]
    public void An_operators_stop_stays_until_resume_whatever_the_policy_sends()
    {
        Fresh();
        Tick();
        _loop.Stop("stopped by the operator");
        for (var i = 0; i < 100; i++)
        {
            Fresh();
            Tick();
        }

        Assert.Equal((ControlState.Stop, "stopped by the operator"), (_robot.Last.State, _robot.Last.Reason));
        Assert.Equal(0, _robot.Last.Values[0]);

        _loop.Resume();
        Fresh();
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Theory]
    [InlineData(Refusal.WrongLength, "the action has 3 values, expected are 1 × 2", 0.1f, 0.1f, 0.1f)]
    [InlineData(Refusal.NotANumber, "the action's gripper is not a number", 0.1f, float.NaN)]
    [InlineData(Refusal.Infinite, "the action's x is infinite", float.NegativeInfinity, 0.1f)]
    public void A_bad_action_is_refused_and_the_last_good_one_stays_in_force(
        Refusal reason,
        string text,
        params float[] values
    )
    {
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        Tick();
        _loop.Offer(Make.Action(_clock.NowNs, values));
        var action = Tick();

        Assert.Equal(ControlState.Policy, action.State);
        Assert.Equal([0.25f, 0.75f], action.Values);
        var snapshot = _loop.Snapshot();
        Assert.Equal(1, snapshot.RefusedFor(reason));
        Assert.Equal(1, snapshot.Refused.Sum());
        Assert.Equal(text, snapshot.LastRefusal);
    }

    [Fact]
    public void When_the_last_good_action_is_too_old_the_reason_names_what_was_wrong_with_the_newer_ones()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 10 });
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        Tick();
        _loop.Offer(Make.Action(_clock.NowNs, float.NaN, 0));

        Assert.Equal("the action's x is not a number", Tick().Reason);
    }

    [Fact]
    public void An_action_that_arrives_too_old_is_refused()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 200 });
        _loop.Offer(Make.Action(_clock.NowNs - 191_000_000, 0.25f, 0.75f));
        var action = Tick();

        Assert.Equal(ControlState.Hold, action.State);
        Assert.Equal("the action's observation is 201 ms old, allowed are 200 ms", action.Reason);
        Assert.Equal(1, _loop.Snapshot().RefusedFor(Refusal.Stale));
    }

    [Fact]
    public void The_actions_of_a_chunk_are_due_by_time_since_capture_and_then_it_is_used_up()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 30 });
        _loop.Offer(Make.Chunk(_clock.NowNs, 4, stepMs: 20, 0, 0, 0.1f, 0.1f, 0.2f, 0.2f, 0.3f, 0.3f));

        var actions = Enumerable.Range(0, 8).Select(_ => Tick()).ToList();

        Assert.Equal([0, 0.1f, 0.1f, 0.2f, 0.2f, 0.3f, 0.3f, 0], actions.Select(a => a.Values[0]));
        Assert.Equal((ControlState.Hold, "the last action chunk is used up"), (actions[^1].State, actions[^1].Reason));
    }

    [Fact]
    public void A_chunk_whose_observation_was_too_old_on_arrival_is_refused_whole()
    {
        Use(new ControlOptions { MaximumActionAgeMs = 30 });
        _loop.Offer(Make.Chunk(_clock.NowNs - 25_000_000, 4, stepMs: 20, new float[8]));

        Assert.Equal(ControlState.Hold, Tick().State);
        Assert.Equal(1, _loop.Snapshot().RefusedFor(Refusal.Stale));
    }

    [Fact]
    public void A_chunk_without_a_step_is_refused()
    {
        _loop.Offer(Make.Chunk(_clock.NowNs, 2, stepMs: 0, new float[4]));
        Tick();

        Assert.Equal(1, _loop.Snapshot().RefusedFor(Refusal.WrongLength));
    }

    [Fact]
    public void Clamped_values_are_marked_and_counted_by_dimension()
    {
        _loop.Offer(Make.Action(_clock.NowNs, 5, 0.75f));
        var action = Tick();
        Tick();

        Assert.InRange(action.Values[0], 0.99f, 1f);
        Assert.Equal(1UL, action.Clamped);
        Assert.Equal([2, 0], _loop.Snapshot().Clamps);
    }

    [Fact]
    public void Only_the_newest_offered_chunk_is_used_and_the_others_are_counted()
    {
        _loop.Offer(Make.Action(_clock.NowNs, 0.1f, 0));
        _loop.Offer(Make.Action(_clock.NowNs, 0.2f, 0));
        _loop.Offer(Make.Action(_clock.NowNs, 0.3f, 0));

        Assert.Equal(0.3f, Tick().Values[0]);
        Assert.Equal((3, 2), (_loop.Snapshot().Offered, _loop.Snapshot().Replaced));
    }

    [Fact]
    public void A_failure_inside_a_tick_publishes_a_stop_is_counted_and_the_loop_goes_on()
    {
        Fresh();
        Tick();
        _loop.Offer(new ActionChunk(null!, 1, 0, Make.Origin(_clock.NowNs)));
        var failed = Tick();

        Assert.Equal(ControlState.Stop, failed.State);
        Assert.StartsWith("the control loop failed: ", failed.Reason);
        Assert.Equal(1, _loop.Snapshot().Faults);
        Assert.Contains("NullReference", _loop.Snapshot().LastFault);
        Fresh();
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Fact]
    public void The_parts_of_capture_to_publish_add_up()
    {
        var captured = _clock.NowNs;
        _clock.Advance(9);
        _loop.Offer(Make.Action(captured, 0, 0));
        Tick();
        Tick();

        var parts = _loop.Latencies.Read(_clock.NowNs).ToDictionary(part => part.Name, part => part.Percentiles);

        Assert.All(
            parts.Where(part => !part.Key.Contains("instruction", StringComparison.Ordinal)),
            part => Assert.Equal(1, part.Value.Count)
        );
        Assert.Equal(10e6, parts["tick_wait"].P50Ns, 10e6 * 0.01);
        Assert.Equal(5e6, parts["encode"].P50Ns, 5e6 * 0.01);
        Assert.Equal(19e6, parts["capture_to_publish"].P50Ns, 19e6 * 0.01);
        string[] summands = ["prepare", "encode", "fuse", "decode", "waiting", "tick_wait"];
        Assert.Equal(19e6, summands.Sum(name => (double)parts[name].P50Ns), 19e6 * 0.01);
        Assert.Equal(summands[..4].Sum(name => (double)parts[name].P50Ns), parts["stages"].P50Ns, 19e6 * 0.01);
    }

    [Fact]
    public void An_instructions_way_to_its_first_action_is_told_once()
    {
        Assert.Null(_loop.Latencies.NewestFirstAction);
        var given = _clock.NowNs;
        _clock.Advance(9);
        for (var picture = 0; picture < 2; picture++)
        {
            var action = Make.Action(_clock.NowNs, 0, 0);
            _loop.Offer(
                action with
                {
                    Origin = action.Origin with
                    {
                        Words = new WordsInForce(1, "go", given)
                        {
                            Steps = StepTrail.Of("encode_instruction", given + 1_000, given + 4_000),
                        },
                    },
                }
            );
            Tick();
        }

        Assert.Equal(new FirstAction(1, 19_000_000, 3_000), _loop.Latencies.NewestFirstAction);
        Assert.Equal(1, _loop.Latencies.EncodeInstruction.Read(_clock.NowNs).Count);
    }

    [Theory]
    [InlineData(0.5, 200, 500)]
    [InlineData(double.NaN, 200, 500)]
    [InlineData(1_001, 200, 500)]
    [InlineData(50, 0, 500)]
    [InlineData(50, 60_001, 500)]
    [InlineData(50, 200, -1)]
    public void Options_out_of_range_are_refused(double rateHz, int maximumActionAgeMs, int holdMs)
    {
        var options = new ControlOptions
        {
            RateHz = rateHz,
            MaximumActionAgeMs = maximumActionAgeMs,
            HoldMs = holdMs,
        };

        Assert.Throws<ValidationException>(() => new ControlLoop(Make.Profile(), options, [], _clock));
    }

    [Theory]
    [InlineData(1_000, 0, 100)]
    [InlineData(50, 0, 100)]
    [InlineData(10, 0, 500)]
    [InlineData(1, 0, 5_000)]
    [InlineData(50, 40, 40)]
    [InlineData(50, 60_000, 60_000)]
    public void Every_message_says_how_long_it_stands_without_a_further_one(double rateHz, int set, int said)
    {
        using var loop = new ControlLoop(
            Make.Profile(),
            new ControlOptions { RateHz = rateHz, DeadmanMs = set },
            [_robot],
            _clock
        );
        loop.Tick(_clock.NowNs);
        loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        loop.Tick(_clock.NowNs);
        loop.Shutdown("done");

        Assert.Equal(
            [ControlState.Hold, ControlState.Policy, ControlState.Stop],
            _robot.Applied.Select(action => action.State)
        );
        Assert.All(_robot.Applied, action => Assert.Equal(said, action.DeadmanMs));
    }

    [Fact]
    public void A_deadman_shorter_than_two_messages_are_apart_is_refused()
    {
        var options = new ControlOptions { RateHz = 10, DeadmanMs = 199 };

        var refused = Assert.Throws<ValidationException>(() => new ControlLoop(Make.Profile(), options, [], _clock));

        Assert.Equal("DeadmanMs is 199; allowed at 10 Hz is 0 or 200 to 60000", refused.Message);
    }

    private PublishedAction Tick()
    {
        _clock.Advance(TickMs);
        _loop.Tick(_clock.NowNs);
        return _robot.Last;
    }

    private void Fresh() => _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));

    private void StopForWant(ResumeAfterStop resume)
    {
        Use(
            new ControlOptions
            {
                MaximumActionAgeMs = 10,
                HoldMs = 10,
                ResumeAfterStop = resume,
            }
        );
        Fresh();
        for (var i = 0; i < 5; i++)
            Tick();
        Assert.Equal(ControlState.Stop, _robot.Last.State);
    }

    private void Use(ControlOptions options, RobotProfile? profile = null) => _loop = Loop(options, profile);

    private ControlLoop Loop(ControlOptions options, RobotProfile? profile = null) =>
        new(profile ?? Make.Profile(), options with { RateHz = 1_000 / TickMs }, [_robot], _clock);
}
