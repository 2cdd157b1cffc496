using System.Globalization;
using Vla.Actors.Control;

namespace Vla.Tests.Actors.Control;

/// <summary>What the control thread may do before others is its own alone.</summary>
public sealed class ControlThreadPriorityTests
{
    private const string RealTimeClass = "1";
    private const string Ordinary = "0";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [RealTimeFact]
    public void Threads_that_the_control_thread_starts_are_ordinary_ones()
    {
        var (granted, own, child) = ("", ("", ""), ("", ""));
        var control = new Thread(() =>
        {
            granted = ControlThreadPriority.Raise(realTime: true);
            own = OfThisThread();
            var started = new Thread(() => child = OfThisThread());
            started.Start();
            started.Join();
        });
        control.Start();
        Assert.True(control.Join(Patience));

        Assert.StartsWith("real-time", granted, StringComparison.Ordinal);
        Assert.Equal(RealTimeClass, own.Item1);
        Assert.Equal((Ordinary, "0"), child);
    }

    [RealTimeFact]
    public void Without_the_real_time_class_it_is_the_same()
    {
        var (granted, child) = ("", ("", ""));
        var control = new Thread(() =>
        {
            granted = ControlThreadPriority.Raise(realTime: false);
            var started = new Thread(() => child = OfThisThread());
            started.Start();
            started.Join();
        });
        control.Start();
        Assert.True(control.Join(Patience));

        Assert.StartsWith("nice", granted, StringComparison.Ordinal);
        Assert.Equal((Ordinary, "0"), child);
    }

    [RealTimeFact]
    public void A_thread_that_ticks_no_more_goes_before_nobody()
    {
        var number = 0;
        using var raised = new ManualResetEventSlim();
        using var lowered = new ManualResetEventSlim();
        var (before, after) = (("", ""), ("", ""));
        var control = new Thread(() =>
        {
            number = ControlThreadPriority.ThisThreadNumber;
            ControlThreadPriority.Raise(realTime: true);
            before = OfThisThread();
            raised.Set();
            lowered.Wait();
            after = OfThisThread();
        });
        control.Start();
        Assert.True(raised.Wait(Patience));

        ControlThreadPriority.Lower(number);
        lowered.Set();
        Assert.True(control.Join(Patience));

        Assert.Equal((RealTimeClass, Ordinary), (before.Item1, after.Item1));
    }

    /// <summary>The scheduling class and the nice value as the kernel tells them (proc(5)).</summary>
    private static (string Class, string Nice) OfThisThread()
    {
        var number = ControlThreadPriority.ThisThreadNumber.ToString(CultureInfo.InvariantCulture);
        // After the name, which may have spaces.
        var fields = File.ReadAllText($"/proc/self/task/{number}/stat").Split(") ")[^1].Split(' ');
        return (fields[38], fields[16]);
    }
}
