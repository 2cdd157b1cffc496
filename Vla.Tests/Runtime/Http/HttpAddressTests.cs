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
    [InlineData("http://0.0.0.0:5080", "other machines can reach")]
    [InlineData("http://192.168.0.5:5080", "other machines can reach")]
    [InlineData("http://robot.example:5080", "other machines can reach")]
    [InlineData("https://127.0.0.1:5080", "allowed is")]
    [InlineData("5080", "allowed is")]
    [InlineData("http://127.0.0.1:5080/api", "allowed is")]
    [InlineData("http://user@127.0.0.1:5080", "allowed is")]
    [InlineData("", "allowed is")]
    public void Anything_else_is_refused_with_the_reason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<UsageException>(() => HttpAddress.Parse(text)).Message, StringComparison.Ordinal);
}
