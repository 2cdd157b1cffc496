using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Hosting;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Hosting;

public sealed class EndingTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private readonly ControlLoop _control;
    private readonly TaskCompletionSource<int> _ended = new();
    private readonly TaskCompletionSource _saved = new();

    public EndingTests()
    {
        _control = new ControlLoop(Make.Profile(), new ControlOptions(), [_robot], _clock);
        _control.Tick(_clock.NowNs);
    }

    public void Dispose()
    {
        _control.Dispose();
        _robot.Dispose();
    }

    [Fact]
    public void The_stop_is_out_before_anything_else_is_ended_and_the_first_reason_counts()
    {
        using var ending = new Ending(_control, _ => true, endProcess: null);
        var last = (PublishedAction?)null;
        ending.StopHost = () => last = _robot.Last;

        Assert.True(ending.Begin("told to end", ExitCodes.Success));
        Assert.False(ending.Begin("something else", ExitCodes.Failure));

        Assert.Equal((ControlState.Stop, "told to end"), (last!.State, last.Reason));
        Assert.Equal(("told to end", ExitCodes.Success), (ending.Reason, ending.ExitCode));
    }

    [Fact]
    public async Task A_host_that_does_not_end_is_ended_with_the_process_once_all_is_saved()
    {
        using var ending = new Ending(_control, Save, _ended.SetResult, hostBound: TimeSpan.Zero);

        ending.Begin("the vision encoder hangs", ExitCodes.Hang);

        Assert.False(_ended.Task.IsCompleted, "nothing was saved yet");
        _saved.SetResult();
        Assert.Equal(ExitCodes.Hang, await _ended.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task What_hangs_while_the_host_is_told_to_end_changes_nothing()
    {
        using var never = new ManualResetEventSlim();
        using var ending = new Ending(_control, _ => true, _ended.SetResult, hostBound: TimeSpan.Zero);
        ending.StopHost = never.Wait;

        var begun = Task.Run(() => ending.Begin("told to end", ExitCodes.Success));

        Assert.Equal(ExitCodes.Success, await _ended.Task.WaitAsync(Patience));
        Assert.Equal(ControlState.Stop, _robot.Last.State);
        never.Set();
        Assert.True(await begun);
    }

    [Fact]
    public void What_cannot_be_said_any_more_does_not_keep_the_ending_from_going_on()
    {
        var hostEnds = false;
        _robot.Before = _ => throw new IOException("the plug is out");
        using var ending = new Ending(_control, _ => true, endProcess: null);
        ending.Say = _ => throw new IOException("the terminal is gone");
        ending.StopHost = () => hostEnds = true;

        ending.Begin("told to end", ExitCodes.Success);

        Assert.True(hostEnds);
    }

    [Fact]
    public void An_output_that_did_not_get_the_last_message_is_named()
    {
        var said = new List<string>();
        _robot.Before = _ => throw new IOException("the plug is out");
        using var ending = new Ending(_control, _ => true, endProcess: null) { Say = said.Add };

        ending.Begin("told to end", ExitCodes.Success);

        Assert.Equal("output fake failed at the last message, a stop: the plug is out", Assert.Single(said));
    }

    private bool Save(TimeSpan bound) => _saved.Task.Wait(bound);
}
