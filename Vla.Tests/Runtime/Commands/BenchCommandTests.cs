using System.CommandLine;
using Vla.Runtime;
using Vla.Runtime.Commands;

namespace Vla.Tests.Runtime.Commands;

public sealed class BenchCommandTests
{
    [Theory]
    [InlineData("--only speed", "no measurement 'speed'")]
    [InlineData("--seconds 0", "--seconds is 0: allowed is 0.5 to 600")]
    [InlineData("--seconds NaN", "--seconds is NaN")]
    [InlineData("--json /dev/null/figures.json", "'/dev/null/figures.json' cannot be written")]
    public async Task What_cannot_be_is_refused_before_anything_is_measured(string arguments, string message)
    {
        var bench = BenchCommand.Create().Parse(arguments);

        var refused = await Assert.ThrowsAsync<UsageException>(() =>
            bench.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false })
        );

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}
