using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Recording;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Recording;

public sealed class EpisodeCutterTests
{
    private const int Fps = 10;
    private const int ControlHz = 50;

    private readonly EpisodeCutter _cutter = new(Fps, ControlHz);
    private LiveScene _scene = new(new Instruction(1, "first", 0));
    private long _nowMs = 1_000;

    [Fact]
    public void Of_fifty_actions_a_second_the_one_at_each_frames_time_is_recorded_however_unpunctual_it_is()
    {
        var frames = new List<int>();
        for (var tick = 0; tick < 26; tick++)
        {
            var late = tick % 5 == 0 ? -3 : 4;
            var afterMs = 1_000 + tick * 20 + (tick == 0 ? 0 : late) - (int)_nowMs;
            if (Look(Act(), afterMs).Task is not null)
                frames.Add(tick);
        }

        Assert.Equal([0, 5, 10, 15, 20, 25], frames);
    }

    [Fact]
    public void An_episode_begins_with_the_first_action_of_its_instruction_and_ends_with_the_next_instruction()
    {
        Assert.Equal(default, Look(Act() with { State = ControlState.Hold }));
        Assert.Equal("first", Look(Act()).Task);
        _scene = _scene with { Instruction = new Instruction(2, "second", 0) };

        // What is still published was made for the first one.
        Assert.Equal(new Cut(EpisodeEnd.Kept), Look(Act()));
        Assert.Equal(new Cut(null, "second", 0), Look(Act(instruction: 2)));
        // The same words again are another attempt.
        _scene = _scene with
        {
            Instruction = new Instruction(3, "second", 0),
        };
        Assert.Equal(new Cut(EpisodeEnd.Kept, "second", 0), Look(Act(instruction: 3)));
    }

    [Fact]
    public void A_stop_ends_it_at_once_and_after_it_another_begins()
    {
        Look(Act());
        _nowMs += 20;

        Assert.Equal(new Cut(EpisodeEnd.Kept), Look(Act() with { State = ControlState.Stop }, afterMs: 0));
        Assert.Equal(default, Look(Act() with { State = ControlState.Stop }));
        Assert.Equal(new Cut(null, "first", 0), Look(Act()));
    }

    [Fact]
    public void A_hold_in_between_is_recorded_as_it_was_published()
    {
        Look(Act());

        Assert.Equal(new Cut(null, "first", 0), Look(Act() with { State = ControlState.Hold }));
    }

    [Fact]
    public void Another_table_ends_it_and_the_next_begins_with_what_was_seen_on_that_table()
    {
        _scene = _scene with { Table = 1 };
        Look(Act());
        _scene = _scene with { Table = 2, TableBeganNs = (_nowMs + 50) * MonotonicTime.NsPerMs };

        Assert.Equal(new Cut(EpisodeEnd.Kept), Look(Act(capturedMsAgo: 90)));
        Assert.Equal(new Cut(null, "first", 0), Look(Act(capturedMsAgo: 90)));
    }

    [Fact]
    public void The_judges_word_ends_it_until_something_else_is_asked_for()
    {
        Look(Act());
        _scene = _scene with { IsDecided = true };

        Assert.Equal(new Cut(EpisodeEnd.Judged), Look(Act()));
        Assert.Equal(default, Look(Act()));
        _scene = new LiveScene(new Instruction(2, "second", 0));
        Assert.Equal("second", Look(Act(instruction: 2)).Task);
    }

    [Fact]
    public void Frames_that_no_action_came_for_are_counted()
    {
        Look(Act());

        Assert.Equal(new Cut(null, "first", 2), Look(Act(), afterMs: 300));
        Assert.Equal(new Cut(null, "first", 0), Look(Act()));
    }

    [Fact]
    public void It_knows_why_no_episode_has_begun_whatever_ends_the_run()
    {
        Stop("told to end");
        Assert.Equal("told to end", _cutter.Obstacle);

        Look(Act() with { State = ControlState.Hold, Reason = "the camera is silent" });
        Stop("told to end");
        Assert.Equal("the camera is silent", _cutter.Obstacle);

        Look(Act(instruction: 2));
        Assert.Contains("no action for the instruction", _cutter.Obstacle, StringComparison.Ordinal);

        _scene = _scene with { IsDecided = true };
        Look(Act());
        Assert.Equal("the task was decided before the first action", _cutter.Obstacle);

        _scene = new LiveScene();
        Look(Act());
        Stop("told to end");
        Assert.Equal("there was no instruction", _cutter.Obstacle);

        _scene = new LiveScene(new Instruction(1, "first", 0));
        Look(Act());
        Stop("told to end");
        Assert.Null(_cutter.Obstacle);
    }

    private void Stop(string reason) => Look(Act() with { State = ControlState.Stop, Reason = reason });

    private Cut Look(PublishedAction action, int afterMs = 100)
    {
        _nowMs += afterMs;
        var nowNs = _nowMs * MonotonicTime.NsPerMs;
        return _cutter.Look(
            action with
            {
                PublishedNs = nowNs,
                Origin = action.Origin with { CapturedNs = nowNs + action.Origin.CapturedNs },
            },
            () => _scene
        );
    }

    private static PublishedAction Act(long instruction = 1, int capturedMsAgo = 20) =>
        new()
        {
            Sequence = 1,
            State = ControlState.Policy,
            Reason = "",
            Values = [0],
            Clamped = 0,
            Origin = new Origin
            {
                Words = new WordsInForce(instruction, ""),
                CapturedNs = -capturedMsAgo * MonotonicTime.NsPerMs,
            },
            PublishedNs = 0,
        };
}
