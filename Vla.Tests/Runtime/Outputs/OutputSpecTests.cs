using Vla.Runtime;
using Vla.Runtime.Outputs;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Outputs;

public class OutputSpecTests
{
    [Fact]
    public void Every_kind_of_output_is_read()
    {
        Assert.Equal(new OutputSpec.Console(), OutputRegistry.Parse("console"));
        Assert.Equal(new OutputSpec.World(), OutputRegistry.Parse("world"));
        Assert.Equal(new OutputSpec.JsonLines("logs/actions.jsonl"), OutputRegistry.Parse("jsonl:logs/actions.jsonl"));
        Assert.Equal(new OutputSpec.Udp("127.0.0.1", 9_000), OutputRegistry.Parse("udp://127.0.0.1:9000"));
        Assert.Equal(new OutputSpec.Udp("robot.local", 65_535), OutputRegistry.Parse("udp://robot.local:65535"));
        Assert.Equal(new OutputSpec.Udp("::1", 1), OutputRegistry.Parse("udp://[::1]:1"));
    }

    [Fact]
    public void The_simulated_arm_needs_its_world()
    {
        var error = Assert.Throws<UsageException>(() =>
            OutputRegistry
                .Parse("world")
                .Open(new OutputContext(Make.Profile(), () => new ConsoleSnapshot(), null, TimeProvider.System))
        );

        Assert.Contains("give --camera world", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "",
        "use console, world, jsonl:FILE, udp://HOST:PORT, ws://HOST[:PORT][/PATH], ros://HOST[:9090]?profile=FILE, "
            + "mqtt://HOST[:1883][/TOPICS], lekiwi://HOST[:5555] or dll:FILE#ADDRESS"
    )]
    [InlineData("csv:x", "output 'csv:x' is not known")]
    [InlineData("jsonl:", "names no file")]
    [InlineData("udp:127.0.0.1:9000", "use udp://HOST:PORT")]
    [InlineData("udp://127.0.0.1", "use udp://HOST:PORT")]
    [InlineData("udp://:9000", "use udp://HOST:PORT")]
    [InlineData("udp://host:0", "the port is '0'; allowed is 1 to 65535")]
    [InlineData("udp://host:65536", "the port is '65536'; allowed is 1 to 65535")]
    [InlineData("udp://host:port", "the port is 'port'")]
    public void A_wrong_output_is_told_with_what_is_possible(string text, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => OutputRegistry.Parse(text)).Message);
}
