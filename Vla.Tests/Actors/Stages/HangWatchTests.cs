using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Stages;

namespace Vla.Tests.Actors.Stages;

public sealed class HangWatchTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly StageMonitor _stage;
    private readonly List<string> _givenUp = [];
    private readonly HangWatch _watch;

    public HangWatchTests()
    {
        _stage = new StageMonitor("vision encoder", _time);
        _watch = new HangWatch([_stage], new HangLimits(), _time, NullLogger.Instance, _givenUp.Add);
    }

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void A_stage_that_hangs_is_named_within_two_seconds_with_what_it_is_at()
    {
        LoadedWithResults();
        _stage.Begin(StageMonitor.Forward);

        Pass(seconds: 1);
        Assert.Equal((StageState.Running, null), (_stage.State, _stage.Hang));
        Pass(seconds: 1);

        Assert.Equal((StageState.Hanging, "for 2.0 s at forward"), (_stage.State, _stage.Hang));
        Assert.Empty(_givenUp);
    }

    [Fact]
    public void It_is_given_up_once_after_ten_seconds()
    {
        LoadedWithResults();
        _stage.Begin(StageMonitor.Forward);

        Pass(seconds: 9.5);
        Assert.Empty(_givenUp);
        Pass(seconds: 10);

        Assert.StartsWith("the vision encoder hangs: for 10.", Assert.Single(_givenUp), StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_comes_back_runs_again()
    {
        LoadedWithResults();
        _stage.Begin(StageMonitor.Forward);
        Pass(seconds: 3);

        _stage.End();
        Pass(seconds: 0.2);

        Assert.Equal((StageState.Running, null), (_stage.State, _stage.Hang));
    }

    [Fact]
    public void A_stage_at_work_on_one_input_after_the_other_does_not_hang()
    {
        LoadedWithResults();

        for (var i = 0; i < 100; i++)
        {
            _stage.Begin(StageMonitor.Forward);
            Pass(seconds: 0.4);
            _stage.End();
        }

        Assert.Equal(StageState.Running, _stage.State);
        Assert.Empty(_givenUp);
    }

    [Fact]
    public void What_has_taken_long_before_may_take_long_again()
    {
        LoadedWithResults(seconds: 9);
        _stage.Begin(StageMonitor.Forward);

        Pass(seconds: 17);
        Assert.Equal(StageState.Running, _stage.State);
        Pass(seconds: 18);
        Assert.Equal(StageState.Hanging, _stage.State);
        Assert.Empty(_givenUp);
        Pass(seconds: 2);

        Assert.Single(_givenUp);
    }

    [Fact]
    public void The_first_results_may_take_three_times_as_long()
    {
        _stage.Running();
        _stage.Begin(StageMonitor.Forward);

        Pass(seconds: 29);
        Assert.Empty(_givenUp);
        Pass(seconds: 2);

        Assert.Single(_givenUp);
    }

    [Fact]
    public void Loading_is_named_as_such_and_has_a_time_of_its_own()
    {
        _stage.Begin(StageMonitor.Load);

        Pass(seconds: 119);
        Assert.Equal((StageState.Hanging, "for 119.0 s at load"), (_stage.State, _stage.Hang));
        Assert.Empty(_givenUp);
        Pass(seconds: 2);

        Assert.Single(_givenUp);
    }

    [Fact]
    public void Time_in_which_the_process_stood_still_does_not_count()
    {
        LoadedWithResults();
        _stage.Begin(StageMonitor.Forward);
        Pass(seconds: 0.2);

        _time.Advance(TimeSpan.FromMinutes(5));
        _watch.Look();

        Assert.Equal(StageState.Running, _stage.State);
        Assert.Empty(_givenUp);
    }

    private void LoadedWithResults(double seconds = 0.01)
    {
        _stage.Running();
        for (var i = 0; i < 5; i++)
        {
            _stage.Begin(StageMonitor.Forward);
            _time.Advance(TimeSpan.FromSeconds(seconds));
            _stage.End();
            _stage.CountProcessed();
        }

        _watch.Look();
    }

    private void Pass(double seconds)
    {
        for (var passed = 0.0; passed < seconds - 1e-9; passed += HangWatch.Interval.TotalSeconds)
        {
            _time.Advance(HangWatch.Interval);
            _watch.Look();
        }
    }
}
