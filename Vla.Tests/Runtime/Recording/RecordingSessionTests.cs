using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Recording;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Recording;

/// <summary>Episodes one after the other, at made-up times: ten actions a second, five frames.</summary>
public sealed class RecordingSessionTests
{
    private const int Fps = 5;
    private const int ControlHz = 10;

    private readonly List<string> _said = [];
    private readonly List<string> _ended = [];
    private LiveScene _scene = new(new Instruction(1, "fold it", 0));
    private long _tick;
    private int _resets;
    private int _begun;

    [Fact]
    public void The_first_episode_begins_when_somebody_says_so_or_when_the_time_for_setting_up_is_over()
    {
        var told = Session(episodes: 2);
        Assert.Empty(Tasks(told, 3));
        told.Ask(EpisodeCommand.Next);
        Assert.Equal("fold it", Look(told).Task);

        var left = Session(episodes: 2);
        Assert.Empty(Tasks(left, 20));
        Assert.Equal("fold it", Look(left).Task);
        Assert.Equal(2, _begun);
    }

    [Fact]
    public void Frames_are_due_at_a_steady_rate_and_one_that_was_missed_is_counted()
    {
        var session = Begun();

        Assert.Equal([false, true, false, true], Enumerable.Range(0, 4).Select(_ => Look(session).Task is not null));
        _tick += 4;
        Assert.Equal(1, Look(session).Missed);
    }

    [Fact]
    public void The_next_episode_does_not_begin_before_the_one_before_is_saved()
    {
        var session = Begun();
        session.Ask(EpisodeCommand.Next);
        Assert.Equal(new Cut(EpisodeEnd.Kept), Look(session));
        session.Ask(EpisodeCommand.Next);
        Assert.Empty(Tasks(session, 100));
        Assert.Equal(SessionPhase.Saving, session.Read().Phase);

        session.Settle(isSaved: true, "");

        // What was asked for meanwhile counts now.
        Assert.Equal("fold it", Look(session).Task);
        Assert.Equal((1, 0, 2), (session.Read().Kept, session.Read().Discarded, session.Read().Episode));
        Assert.Equal(1, _resets);
    }

    [Fact]
    public void An_episode_that_is_to_be_recorded_again_keeps_its_number_and_is_not_kept()
    {
        var session = Begun();
        session.Ask(EpisodeCommand.Again);

        Assert.Equal(new Cut(EpisodeEnd.Discarded), Look(session));
        // The saver drops it some time.
        session.Settle(isSaved: false, "it was not to be kept");

        var now = session.Read();
        Assert.Equal((SessionPhase.Reset, 1, 0, 1), (now.Phase, now.Episode, now.Kept, now.Discarded));
    }

    [Fact]
    public void Between_episodes_again_takes_back_the_one_before_once()
    {
        var session = Begun();
        Keep(session);
        session.Ask(EpisodeCommand.Again);
        Assert.Equal(new Cut(EpisodeEnd.TakenBack), Look(session));
        Assert.Empty(Tasks(session, 100));
        session.Settle(isSaved: true, "");
        Assert.Equal((0, 1), (session.Read().Kept, session.Read().Discarded));

        session.Ask(EpisodeCommand.Again);
        Assert.Equal(default, Look(session));
        Assert.Equal("there is no episode of this run to take back", _said[^1]);
    }

    [Fact]
    public void An_episode_ends_by_itself_when_its_time_is_over()
    {
        var session = Begun();

        var cuts = Enumerable.Range(0, 50).Select(_ => Look(session)).ToList();

        Assert.Equal(new Cut(EpisodeEnd.Kept), cuts[^1]);
        Assert.DoesNotContain(cuts[..^1], cut => cut.End is not null);
    }

    [Fact]
    public void Where_the_robot_stops_the_episode_is_not_kept_and_the_next_waits_until_it_is_led_again()
    {
        var session = Begun();

        Assert.Equal(EpisodeEnd.Discarded, Look(session, ControlState.Stop, "the cable is out").End);
        Assert.Contains("episode 1 is not kept: the robot stopped: the cable is out", _said);
        session.Ask(EpisodeCommand.Next);
        for (var i = 0; i < 6; i++)
            Assert.Equal(default, Look(session, ControlState.Stop, "the cable is out"));
        Assert.Equal("the cable is out", session.Read().Waits);
        Assert.Equal("episode 1 waits: the cable is out", _said[^1]);
        Assert.Equal("fold it", Look(session).Task);
        Assert.Null(session.Read().Waits);
    }

    [Fact]
    public void None_begins_while_the_robot_still_sets_out()
    {
        var session = Session(episodes: 1);
        var why = "it goes slowly";
        session.Events.NotReady = () => why;
        session.Ask(EpisodeCommand.Next);
        Assert.Empty(Tasks(session, 7));
        Assert.Equal("it goes slowly", session.Read().Waits);

        why = null;

        Assert.Equal("fold it", Look(session).Task);
    }

    [Fact]
    public void After_the_last_episode_it_is_over_and_those_that_were_there_before_count()
    {
        var session = Begun(episodes: 8, before: 7);
        Keep(session);

        Assert.Equal(["all 8 episodes are recorded"], _ended);
        Assert.Equal(SessionPhase.Over, session.Read().Phase);
        Assert.Equal(default, Look(session));
    }

    [Fact]
    public void Whoever_ends_in_the_middle_of_an_episode_keeps_it()
    {
        var session = Begun();
        session.Ask(EpisodeCommand.End);
        Assert.Equal(new Cut(EpisodeEnd.Kept), Look(session));
        Assert.Empty(_ended);

        session.Settle(isSaved: true, "");

        Assert.Equal(["ended as asked, with 1 of 3 episodes"], _ended);
    }

    [Fact]
    public void An_episode_that_cannot_be_saved_does_not_count_and_is_said()
    {
        var session = Begun();
        session.Ask(EpisodeCommand.Next);
        Look(session);

        session.Settle(isSaved: false, "the disk is full");

        Assert.Contains("episode 1 is not kept: the disk is full", _said);
        Assert.Equal((0, 1), (session.Read().Kept, session.Read().Discarded));
    }

    [Fact]
    public void In_the_simulated_world_its_judge_ends_an_episode_and_a_failed_one_is_not_kept()
    {
        var session = Begun();
        _scene = _scene with { IsDecided = true };
        Assert.Equal(new Cut(EpisodeEnd.Judged), Look(session));
        session.Settle(isSaved: true, "");

        _scene = _scene with { IsDecided = false };
        session.Ask(EpisodeCommand.Next);
        Look(session);
        _scene = _scene with { IsDecided = true, Failure = "it fell off the table" };

        Assert.Equal(EpisodeEnd.Discarded, Look(session).End);
        Assert.Contains("episode 2 is not kept: it fell off the table", _said);
    }

    [Fact]
    public void Of_a_policy_failed_episodes_are_kept_too_and_successes_are_counted()
    {
        var session = Begun(isEvaluation: true);
        Keep(session);
        session.Ask(EpisodeCommand.Next);
        Look(session);
        session.Ask(EpisodeCommand.Failed);
        Assert.Equal(new Cut(EpisodeEnd.Kept), Look(session));
        session.Settle(isSaved: true, "");

        var now = session.Read();
        Assert.Equal((2, 1), (now.Kept, now.Succeeded));
        session.Ask(EpisodeCommand.Next);
        Look(session);
        session.Ask(EpisodeCommand.Next);
        Assert.True(Look(session).IsSuccess);
    }

    [Fact]
    public void A_task_that_was_decided_while_setting_up_is_set_up_anew()
    {
        var session = Session(episodes: 1);
        _scene = _scene with { IsDecided = true };
        session.Ask(EpisodeCommand.Next);

        Assert.Equal(default, Look(session));

        Assert.Equal(1, _resets);
        Assert.Equal(SessionPhase.Reset, session.Read().Phase);
    }

    [Fact]
    public void What_is_to_be_heard_is_told_with_the_episodes_number()
    {
        var heard = new List<(SessionMoment, int)>();
        var session = Session(episodes: 2);
        session.Events.Heard = (moment, episode) => heard.Add((moment, episode));
        session.Ask(EpisodeCommand.Next);
        Look(session);
        session.Ask(EpisodeCommand.Again);
        Look(session);
        session.Ask(EpisodeCommand.Next);
        Look(session);
        Keep(session);
        session.Ask(EpisodeCommand.Next);
        Look(session);
        Keep(session);

        Assert.Equal(
            [
                (SessionMoment.Begun, 1),
                (SessionMoment.NotKept, 1),
                (SessionMoment.Begun, 1),
                (SessionMoment.Saved, 1),
                (SessionMoment.Begun, 2),
                (SessionMoment.Saved, 2),
                (SessionMoment.Over, 2),
            ],
            heard
        );
    }

    [Fact]
    public void A_policy_acts_within_episodes_alone()
    {
        var happened = new List<string>();
        var session = Session(episodes: 3, isEvaluation: true);
        session.Events.PolicyMayAct = () => happened.Add("acts");
        session.Events.EpisodeEnded = () => happened.Add("stays");
        Tasks(session, 3);
        Assert.Empty(happened);

        session.Ask(EpisodeCommand.Next);
        // It is let go before there is an action of its own to begin with.
        Assert.Equal(default, Look(session, ControlState.Stop, "held for 500 ms"));
        Look(session, ControlState.Stop, "held for 500 ms");
        Assert.Equal(["acts"], happened);
        Assert.Equal("fold it", Look(session).Task);
        session.Ask(EpisodeCommand.Failed);
        Look(session);

        Assert.Equal(["acts", "stays"], happened);
    }

    private RecordingSession Session(int episodes, int before = 0, bool isEvaluation = false) =>
        new(new SessionPlan(episodes, 5, 2) { IsEvaluation = isEvaluation }, Fps, ControlHz, before)
        {
            Said = _said.Add,
            Events =
            {
                Ended = _ended.Add,
                ResetBegan = () => _resets++,
                EpisodeBegan = () => _begun++,
            },
        };

    private RecordingSession Begun(int episodes = 3, int before = 0, bool isEvaluation = false)
    {
        var session = Session(episodes, before, isEvaluation);
        session.Ask(EpisodeCommand.Next);
        Assert.Equal("fold it", Look(session).Task);
        return session;
    }

    private void Keep(RecordingSession session)
    {
        session.Ask(EpisodeCommand.Next);
        Assert.Equal(EpisodeEnd.Kept, Look(session).End);
        session.Settle(isSaved: true, "");
    }

    private IEnumerable<string> Tasks(RecordingSession session, int actions) =>
        [.. Enumerable.Range(0, actions).Select(_ => Look(session).Task).OfType<string>()];

    private Cut Look(RecordingSession session, ControlState state = ControlState.Policy, string reason = "") =>
        session.Look(
            new PublishedAction
            {
                Sequence = _tick + 1,
                State = state,
                Reason = reason,
                Values = [0],
                Clamped = 0,
                Origin = new Origin { Words = new WordsInForce(1, "fold it"), IsByHand = true },
                PublishedNs = _tick++ * MonotonicTime.NsPerSecond / ControlHz,
            },
            () => _scene
        );
}
