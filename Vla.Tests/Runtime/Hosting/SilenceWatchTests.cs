using Vla.Runtime.Hosting;

namespace Vla.Tests.Runtime.Hosting;

public sealed class SilenceWatchTests
{
    [Fact]
    public void A_loop_that_publishes_nothing_for_ten_looks_is_said_to_hang()
    {
        var published = 5L;
        var said = new List<string>();
        using var watch = new SilenceWatch(() => published, said.Add);

        for (var i = 0; i < 10; i++)
            Assert.True(watch.Look());
        published++;
        for (var i = 0; i < 10; i++)
            Assert.True(watch.Look());
        Assert.False(watch.Look());

        Assert.Equal("the control loop hangs: it has published nothing for 3 s", Assert.Single(said));
    }
}
