using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Control;

/// <summary>A policy that does not take up new words is not followed; the clock is moved by the test.</summary>
public sealed class WordsWatchTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private FakeRobot _robot = new();
    private ControlLoop _loop;

    public WordsWatchTests() => _loop = Loop(new ControlOptions { HoldMs = 100 });

    public void Dispose() => _loop.Dispose();

    [Fact]
    public void Earlier_words_are_followed_for_a_second_after_new_ones_then_the_robot_holds_and_stops()
    {
        Give(1);
        Run(ms: 500, words: 1);
        Assert.Equal(ControlState.Policy, _robot.Last.State);

        Give(2);
        Run(ms: 1_000, words: 1);
        Assert.Equal(ControlState.Policy, _robot.Last.State);

        Run(ms: 20, words: 1);
        Assert.Equal(ControlState.Hold, _robot.Last.State);
        Assert.Equal(
            "the policy has not taken up instruction 2 within 1000 ms, what it does is for the one before",
            _robot.Last.Reason
        );

        Run(ms: 200, words: 1);
        Assert.Equal(ControlState.Stop, _robot.Last.State);
    }

    [Fact]
    public void Words_given_again_and_again_do_not_begin_the_wait_anew()
    {
        Give(1);
        Run(ms: 100, words: 1);
        for (var number = 2; number < 10; number++)
        {
            Give(number);
            Run(ms: 130, words: 1);
        }

        Assert.Equal(ControlState.Hold, _robot.Last.State);
        Assert.StartsWith("the policy has not taken up instruction 2 ", _robot.Last.Reason, StringComparison.Ordinal);

        Run(ms: 20, words: 9);
        Assert.Equal(ControlState.Policy, _robot.Last.State);
    }

    [Fact]
    public void The_robot_goes_on_as_soon_as_the_new_words_are_taken_up()
    {
        Give(1);
        Give(2);
        Run(ms: 1_050, words: 1);
        Assert.Equal(ControlState.Hold, _robot.Last.State);

        Run(ms: 20, words: 2);

        Assert.Equal(ControlState.Policy, _robot.Last.State);
    }

    [Fact]
    public void A_policy_whose_pictures_may_be_older_may_take_as_long_for_words()
    {
        _loop.Dispose();
        _robot = new FakeRobot();
        _loop = Loop(new ControlOptions { HoldMs = 100, MaximumActionAgeMs = 3_000 });
        Give(1);
        Run(ms: 20, words: 1);
        Give(2);

        Run(ms: 3_000, words: 1);
        Assert.Equal(ControlState.Policy, _robot.Last.State);

        Run(ms: 20, words: 1);
        Assert.Equal(ControlState.Hold, _robot.Last.State);
    }

    [Fact]
    public void A_policy_that_takes_no_words_is_followed_whatever_is_said()
    {
        Give(1);

        Run(ms: 2_000, words: 0);

        Assert.Equal(ControlState.Policy, _robot.Last.State);
    }

    private void Give(long number) => _loop.Instruction = new Instruction(number, "words", _clock.NowNs);

    private void Run(int ms, long words)
    {
        for (var end = _clock.NowNs + ms * MonotonicTime.NsPerMs; _clock.NowNs < end; )
        {
            var chunk = Make.Action(_clock.NowNs, 0.25f, 0.75f);
            _loop.Offer(chunk with { Origin = chunk.Origin with { Words = new WordsInForce(words, "words") } });
            _clock.Advance(10);
            _loop.Tick(_clock.NowNs);
        }
    }

    private ControlLoop Loop(ControlOptions options) => new(Make.Profile(), options, [_robot], _clock);
}
