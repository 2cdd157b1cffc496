using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Serving;

namespace Vla.Tests.Runtime.Serving;

/// <summary>How many requests a second a client may send.</summary>
public sealed class RequestPaceTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_burst_is_looked_at_at_once_and_what_follows_one_after_the_other()
    {
        var pace = new RequestPace(10, _time);

        Assert.All(Enumerable.Range(0, RequestPace.Burst), _ => Assert.Equal(TimeSpan.Zero, pace.Next()));
        Assert.Equal(0.1, pace.Next().TotalSeconds, 3);
        Assert.Equal(0.2, pace.Next().TotalSeconds, 3);
    }

    [Fact]
    public void Who_would_wait_too_long_is_told_and_does_not_make_the_next_wait_longer()
    {
        var pace = new RequestPace(10, _time);
        for (var i = 0; i < RequestPace.Burst + 10; i++)
            Assert.NotNull(pace.Next(Second));

        for (var i = 0; i < 100; i++)
            Assert.Null(pace.Next(Second));

        _time.Advance(Second / 10);
        Assert.Equal(1.0, pace.Next(Second)!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void A_pause_makes_room_for_one_burst_and_no_more()
    {
        var pace = new RequestPace(10, _time);
        for (var i = 0; i < RequestPace.Burst; i++)
            pace.Next();

        _time.Advance(TimeSpan.FromHours(1));

        Assert.All(Enumerable.Range(0, RequestPace.Burst), _ => Assert.Equal(TimeSpan.Zero, pace.Next()));
        Assert.True(pace.Next() > TimeSpan.Zero);
    }
}
