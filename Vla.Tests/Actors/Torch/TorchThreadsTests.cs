using Vla.Actors.Torch;
using Vla.Tests.Actors.Scheduling;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Torch;

public sealed class TorchThreadsTests
{
    [Fact]
    public void A_thread_keeps_its_number_when_another_sets_its_own_before_the_first_operation()
    {
        using var first = new WorkThread();
        using var second = new WorkThread();

        first.Run(() => TorchThreads.Use(2));
        var others = second.Run(() =>
        {
            TorchThreads.Use(1);
            return get_num_threads();
        });
        var mine = first.Run(() =>
        {
            using var _ = zeros(1) + 1;
            return get_num_threads();
        });

        Assert.Equal((2, 1), (mine, others));
    }
}
