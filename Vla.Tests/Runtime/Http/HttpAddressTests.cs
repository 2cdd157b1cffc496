using Vla.Runtime;
using Vla.Runtime.Http;

namespace Vla.Tests.Runtime.Http;

public sealed class HttpAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5080")]
    [InlineData("http://localhost:1/")]
    [InlineData("http://[::1]:5080")]
    [InlineData("http://127.8.9.1:80")]
    public void Addresses_of_this_machine_are_taken(string text) => Assert.NotNull(HttpAddress.Parse(text));

    [Fact]
    public void Off_means_none() => Assert.Null(HttpAddress.Parse("off"));

    [Theory]
    [InlineData("http://0.0.0.0:5080")]
    [InlineData("http://192.168.0.5:5080")]
    [InlineData("http://[::]:5080")]
    public void Addresses_that_other_machines_reach_are_taken_with_a_token_only(string text)
    {
        var address = HttpAddress.Parse(text)!;

        var refused = Assert.Throws<UsageException>(() => WebServer.Builder(address, null)).Message;
        Assert.Contains(
            "other machines can reach: set VLA_HTTP_TOKEN or httpTokenFile",
            refused,
            StringComparison.Ordinal
        );
        Assert.NotNull(WebServer.Builder(address, HttpToken.Read("0123456789abcdef", "")));
    }

    [Theory]
    [InlineData("http://robot.example:5080", "in numbers")]
    [InlineData("http://*:5080", "allowed is")]
    [InlineData("https://127.0.0.1:5080", "allowed is")]
    [InlineData("5080", "allowed is")]
    [InlineData("http://127.0.0.1:5080/api", "allowed is")]
    [InlineData("http://user@127.0.0.1:5080", "allowed is")]
    [InlineData("", "allowed is")]
    public void Anything_else_is_refused_with_the_reason(string text, string reason) =>
        Assert.Contains(
            reason,
            Assert.Throws<UsageException>(() => HttpAddress.Parse(text)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("::1", "::1")]
    public void A_client_is_an_address_or_an_IPv6_network(string address, string client) =>
        Assert.Equal(client, HttpAddress.Client(System.Net.IPAddress.Parse(address)).ToString());
}
