using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Torch;

public sealed class TorchThreadsTests
{
    [Fact]
    public void A_thread_keeps_its_number_when_another_sets_its_own_before_the_first_operation()
    {
        using var set = new ManualResetEventSlim();
        using var other = new ManualResetEventSlim();
        var (mine, others) = (0, 0);
        var first = new Thread(() =>
        {
            TorchThreads.Use(2);
            set.Set();
            other.Wait();
            using var _ = zeros(1) + 1;
            mine = get_num_threads();
        });
        var second = new Thread(() =>
        {
            set.Wait();
            TorchThreads.Use(1);
            others = get_num_threads();
            other.Set();
        });

        first.Start();
        second.Start();
        first.Join();
        second.Join();

        Assert.Equal((2, 1), (mine, others));
    }
}
