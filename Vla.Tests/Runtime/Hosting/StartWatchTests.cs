using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Hosting;

namespace Vla.Tests.Runtime.Hosting;

public sealed class StartWatchTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _said = [];
    private readonly List<string> _ended = [];

    [Fact]
    public void A_step_that_takes_long_is_said_once_and_one_that_never_ends_is_named_and_ends_the_run()
    {
        using var start = Start(TimeSpan.Zero);
        start.Begin("opening the outputs");

        Pass(9);
        Assert.Empty(_said);
        Pass(20);
        Assert.Equal(["opening the outputs takes long; it may take 120 s"], _said);
        Assert.Empty(_ended);

        Pass(300);
        Assert.Equal(["the start hangs: opening the outputs did not come to an end within 120 s"], _ended);
        Assert.Single(_said);
    }

    [Fact]
    public void Each_step_has_its_own_time()
    {
        using var start = Start(TimeSpan.Zero);
        for (var step = 0; step < 4; step++)
        {
            start.Begin($"step {step}");
            Pass(100);
        }

        Assert.Empty(_ended);
    }

    [Fact]
    public void A_run_that_is_to_last_for_a_while_ends_also_when_its_start_takes_longer()
    {
        using var start = Start(TimeSpan.FromSeconds(60));
        start.Begin("loading the policy", boundsItself: true);

        Pass(59);
        Assert.Empty(_ended);
        Pass(10);

        Assert.Equal(
            [
                "the start took longer than a run of this duration may wait for it, 60 s: it is still at loading the "
                    + "policy",
            ],
            _ended
        );
    }

    [Fact]
    public void A_short_run_has_time_to_start_on_a_slow_machine()
    {
        using var start = Start(TimeSpan.FromSeconds(1));
        start.Begin("loading the policy", boundsItself: true);

        Pass(29);
        Assert.Empty(_ended);
        Assert.Equal(TimeSpan.FromSeconds(1), start.Left);
        Pass(10);
        Assert.Single(_ended);
    }

    [Fact]
    public void What_bounds_itself_and_a_start_that_is_over_are_left_alone()
    {
        using (var start = Start(TimeSpan.Zero))
        {
            start.Begin("waiting for the first picture", boundsItself: true);
            Pass(1_000);
        }

        Pass(1_000);

        Assert.Empty(_said);
        Assert.Empty(_ended);
    }

    private StartWatch Start(TimeSpan duration) =>
        new(TimeSpan.FromSeconds(120), duration, _time, _said.Add, _ended.Add);

    private void Pass(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));
}
