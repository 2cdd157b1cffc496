using Vla.Runtime.Networks;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Networks;

/// <summary>How old what a robot says is, with and without a clock of its own.</summary>
public sealed class StateTimesTests
{
    private const long Start = 1_000 * Ms;
    private const long Ms = MonotonicTime.NsPerMs;

    private readonly StateTimes _times = new(Start);

    [Fact]
    public void What_comes_as_usual_is_of_the_moment_when_it_comes()
    {
        // Late and early by up to a half.
        long[] late = [0, 8, 1, 9, 0, 0, 9, 2, 0, 5];

        for (var i = 0; i < 100; i++)
        {
            var arrivedNs = Start + (20 * i + late[i % 10]) * Ms;
            Assert.Equal(arrivedNs, _times.AtNs(arrivedNs, null, 0));
        }
    }

    [Fact]
    public void What_was_held_up_counts_as_old_until_it_comes_as_usual_again()
    {
        for (var i = 0; i < 20; i++)
            _times.AtNs(Start + 20 * i * Ms, null, 0);
        var stalledNs = Start + 19 * 20 * Ms;

        // Half a second of messages at once.
        for (var i = 1; i <= 25; i++)
            Assert.InRange(
                _times.AtNs(stalledNs + 500 * Ms + i * Ms / 10, null, 0) - stalledNs,
                19 * i * Ms,
                21 * i * Ms
            );
        var afterNs = stalledNs + 522 * Ms;

        Assert.Equal(afterNs, _times.AtNs(afterNs, null, 0));
    }

    [Fact]
    public void One_that_pauses_is_believed_again_at_once()
    {
        for (var i = 0; i < 20; i++)
            _times.AtNs(Start + 20 * i * Ms, null, 0);
        var pausedNs = Start + 19 * 20 * Ms;

        Assert.Equal(pausedNs + 20 * Ms, _times.AtNs(pausedNs + 700 * Ms, null, 0));
        Assert.Equal(pausedNs + 720 * Ms, _times.AtNs(pausedNs + 720 * Ms, null, 0));
    }

    [Fact]
    public void A_clock_of_its_own_tells_what_was_held_up()
    {
        for (var i = 0; i < 20; i++)
            _times.AtNs(Start + (20 * i + 3) * Ms, 7 + 0.020 * i, 0);
        var nowNs = Start + 20 * 20 * Ms;

        Assert.Equal(nowNs + 3 * Ms, _times.AtNs(nowNs + 3 * Ms, 7 + 0.020 * 20, 0), Ms / 10);
        Assert.Equal(nowNs + 23 * Ms, _times.AtNs(nowNs + 423 * Ms, 7 + 0.020 * 21, 0), Ms / 10);
        Assert.Equal(nowNs + 440 * Ms, _times.AtNs(nowNs + 445 * Ms, 7 + 0.020 * 42, 3 * Ms), Ms / 10);
    }

    [Fact]
    public void A_clock_that_is_new_is_believed_when_it_has_shown_itself_steady()
    {
        Assert.Equal(Start, _times.AtNs(Start + 10 * Ms, 5, 0));
        Assert.Equal(Start, _times.AtNs(Start + 30 * Ms, 5.020, 0));
    }

    [Fact]
    public void A_number_that_is_not_above_the_one_before_it_is_no_news()
    {
        Assert.True(_times.IsNews(5));
        Assert.False(_times.IsNews(5));
        Assert.False(_times.IsNews(4));
        Assert.True(_times.IsNews(null));
        Assert.True(_times.IsNews(6));
    }
}
