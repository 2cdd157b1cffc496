using Vla.Runtime.Hosting;

namespace Vla.Tests.Runtime.Hosting;

public sealed class ThreadPoolWatchTests
{
    [Fact]
    public void Work_that_blocks_does_not_keep_the_pool_from_the_rest()
    {
        using var release = new ManualResetEventSlim();
        using var watch = new ThreadPoolWatch();
        ThreadPool.GetMinThreads(out var threads, out var ports);
        // Far more than there are threads: .NET alone would add one in half a second.
        using var left = new CountdownEvent(200);
        for (var i = 0; i < 200; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    release.Wait();
                    left.Signal();
                },
                null
            );
        }

        var looked = new Thread(watch.Look);
        looked.Start();

        Assert.True(
            looked.Join(TimeSpan.FromSeconds(30)),
            "the pool did not get to the piece of work behind those that block"
        );
        release.Set();
        Assert.True(left.Wait(TimeSpan.FromSeconds(30)));
        ThreadPool.SetMinThreads(threads, ports);
    }
}
