using System.CommandLine;
using System.Text.Json.Nodes;
using Vla.Runtime;
using Vla.Runtime.Commands;

namespace Vla.Tests.Runtime.Commands;

public sealed class EvalCommandTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--policy expert --episodes 0", "--episodes is 0: allowed is 1 to 100000")]
    [InlineData("--policy expert --seed -1", "--seed is -1: allowed is 0 to 1000000")]
    [InlineData("--policy expert --require 2", "--require is 2: allowed is 0 to 1")]
    [InlineData("--policy expert --json /dev/null/figures.json", "'/dev/null/figures.json' cannot be written")]
    [InlineData(
        "--policy expert --video /dev/null/failures.mp4",
        "--video file '/dev/null/failures.mp4' cannot be written"
    )]
    [InlineData("--policy expert --video /dev/null/failures", "--video folder '/dev/null/failures' cannot be made")]
    public async Task What_cannot_be_is_refused(string arguments, string message)
    {
        var refused = await Assert.ThrowsAsync<UsageException>(() => InvokeAsync(arguments));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--policy expert --world level3")]
    [InlineData("--policy expert --phrasing french")]
    [InlineData("--policy expert --episodes many")]
    public void What_is_not_known_is_an_error(string arguments) =>
        Assert.NotEmpty(EvalCommand.Create().Parse(arguments).Errors);

    [Fact]
    public async Task The_expert_meets_its_bar_and_the_figures_are_kept()
    {
        var file = _folder.File("eval.json");

        var code = await InvokeAsync(
            $"--policy expert --episodes 40 --seed 2 --world level2 --phrasing held-out --require 1 --json {file}"
        );

        Assert.Equal(ExitCodes.Success, code);
        var json = JsonNode.Parse(File.ReadAllText(file))!;
        Assert.Equal((40, 1.0), ((int)json["episodes"]!, (double)json["success_rate"]!));
        // Nothing failed, so there is nothing to be seen.
        Assert.Equal([file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Against_the_clock_the_expert_goes_through_the_whole_pipeline()
    {
        var file = _folder.File("eval.json");

        Assert.Equal(ExitCodes.Success, await InvokeAsync($"--policy expert --episodes 1 --real-time --json {file}"));

        var json = JsonNode.Parse(File.ReadAllText(file))!;
        Assert.Equal((1, true), ((int)json["episodes"]!, (bool)json["real_time"]!));
    }

    private static Task<int> InvokeAsync(string arguments) =>
        EvalCommand
            .Create()
            .Parse(arguments)
            .InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
