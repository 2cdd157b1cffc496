using Vla.Runtime;
using Vla.Runtime.Bench;

namespace Vla.Tests.Runtime.Bench;

public sealed class BenchSuiteTests
{
    [Fact]
    public void Without_names_everything_is_measured()
    {
        Assert.Equal(
            ["inference", "jitter", "latency", "throughput", "memory", "instruction"],
            BenchSuite.Choose([]).Select(measurement => measurement.Name)
        );
    }

    [Theory]
    [InlineData("memory,inference")]
    [InlineData(" memory , inference ,")]
    [InlineData("memory", "inference", "memory")]
    public void Names_are_given_by_comma_or_one_by_one_and_run_in_their_own_order(params string[] names)
    {
        Assert.Equal(["inference", "memory"], BenchSuite.Choose(names).Select(measurement => measurement.Name));
    }

    [Fact]
    public void An_unknown_name_is_refused_with_those_there_are()
    {
        var refused = Assert.Throws<UsageException>(() => BenchSuite.Choose(["memory,speed"]));

        Assert.Equal(
            "there is no measurement 'speed': --only takes inference, jitter, latency, throughput, memory, instruction",
            refused.Message
        );
    }
}
