using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Dispatch;
using Vla.Actors.Scheduling;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Scheduling;

public sealed class StageThreadTests : PipelineTestKit
{
    [Fact]
    public async Task Each_actor_has_a_thread_of_its_own_and_keeps_it_through_restarts()
    {
        var (one, other) = (
            Start(Props.Create(() => new TellsItsThread())),
            Start(Props.Create(() => new TellsItsThread()))
        );

        var first = await one.Ask<int>("where?");
        one.Tell(new InvalidOperationException("restart"));
        var afterRestart = await one.Ask<int>("where?");

        Assert.Equal(first, afterRestart);
        Assert.NotEqual(first, await other.Ask<int>("where?"));
    }

    [Fact]
    public void Everything_is_run_in_order_and_what_was_given_before_the_end_still_is()
    {
        var ran = new ConcurrentQueue<int>();
        using var done = new ManualResetEventSlim();
        var thread = new StageThread("test");

        foreach (var i in Enumerable.Range(0, 100))
            thread.Execute(new ActionRunnable(() => ran.Enqueue(i)));
        thread.Execute(new ActionRunnable(done.Set));
        thread.Shutdown();

        Assert.True(done.Wait(TimeSpan.FromSeconds(10)));
        Assert.Equal(Enumerable.Range(0, 100), ran);
        Assert.Throws<RejectedExecutionException>(() => thread.Execute(new ActionRunnable(done.Set)));
    }

    private sealed class TellsItsThread : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Exception exception)
                throw exception;
            Sender.Tell(Environment.CurrentManagedThreadId);
        }
    }
}
