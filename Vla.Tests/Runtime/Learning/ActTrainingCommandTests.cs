using Vla.Runtime;
using Vla.Runtime.Commands;

namespace Vla.Tests.Runtime.Learning;

/// <summary><c>vla train --policy act</c>, as typed.</summary>
public sealed class ActTrainingCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(
        "--picture-size is '0x0': allowed is WIDTHxHEIGHT, each 32 to 4096",
        "--policy",
        "act",
        "--picture-size",
        "0x0"
    )]
    [InlineData("--picture-size is '64': allowed is WIDTHxHEIGHT", "--policy", "act", "--picture-size", "64")]
    [InlineData("--policy act learns from a recorded dataset", "--policy", "act")]
    [InlineData("--backbone and --picture-size are for --policy act", "--picture-size", "64x64")]
    [InlineData("--backbone and --picture-size are for --policy act", "--backbone", "resnet18.pth")]
    public void What_does_not_go_together_is_named(string message, params string[] arguments)
    {
        var command = TrainCommand.Create();
        var parsed = command.Parse([
            "--dataset",
            "world:level1?episodes=1",
            "--output",
            _directory.File("out"),
            "--steps",
            "1",
            .. arguments,
        ]);
        Assert.Empty(parsed.Errors);

        var error = Record.Exception(() => parsed.Invoke(new() { EnableDefaultExceptionHandler = false }));

        Assert.StartsWith(message, Assert.IsType<UsageException>(error).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory.File("out")));
    }
}
