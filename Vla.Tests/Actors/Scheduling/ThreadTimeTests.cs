using Vla.Actors.Scheduling;

namespace Vla.Tests.Actors.Scheduling;

public sealed class ThreadTimeTests
{
    private const long WorkNs = 20_000_000;

    [LinuxFact]
    public void Computing_counts_and_waiting_for_another_thread_does_not()
    {
        var beganNs = ThreadTime.NowNs();
        var other = new Thread(() => Compute(WorkNs));
        other.Start();
        Assert.True(other.Join(TimeSpan.FromSeconds(20)));
        var waitedNs = ThreadTime.NowNs();
        Compute(WorkNs);

        Assert.InRange(waitedNs!.Value - beganNs!.Value, 0, WorkNs / 2);
        Assert.True(ThreadTime.NowNs() - waitedNs >= WorkNs);
    }

    private static void Compute(long ns)
    {
        var endNs = ThreadTime.NowNs() + ns;
        while (ThreadTime.NowNs() < endNs) { }
    }
}
