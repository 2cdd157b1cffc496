using System.Diagnostics;
using Vla.Runtime;

namespace Vla.Tests.Runtime;

/// <summary>The program as its user meets it: a process with arguments, output, signals and an exit code.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ExitCodes.Camera, "run", "--camera", "/dev/video99")]
    [InlineData(ExitCodes.Camera, "run", "--camera", "nothing-here.mp4")]
    [InlineData(ExitCodes.Policy, "run", "--policy", "nowhere")]
    [InlineData(ExitCodes.Robot, "run", "--robot", "nowhere.json")]
    [InlineData(ExitCodes.Usage, "walk")]
    [InlineData(ExitCodes.Usage, "run", "--fast")]
    [InlineData(ExitCodes.Usage, "run", "--rate")]
    [InlineData(ExitCodes.Usage, "run", "--rate", "1001")]
    [InlineData(ExitCodes.Usage, "run", "--rate", "NaN")]
    [InlineData(ExitCodes.Usage, "run", "--max-age", "-1")]
    [InlineData(ExitCodes.Usage, "run", "--output", "tcp://127.0.0.1:1")]
    [InlineData(ExitCodes.Usage, "run", "--http", "http://0.0.0.0:80")]
    [InlineData(ExitCodes.Usage, "run", "--http", "http://127.0.0.1:0", "--http-token-file", "nowhere")]
    [InlineData(ExitCodes.Usage, "run", "--instruction", " ")]
    [InlineData(ExitCodes.Usage, "run", "--output", "udp://127.0.0.1:9")]
    [InlineData(ExitCodes.Usage, "run", "--output", "dll:MyArm.dll#/dev/ttyUSB0")]
    [InlineData(ExitCodes.Usage, "run", "--camera", "synthetic", "--output", "dll:MyArm.dll#/dev/ttyUSB0")]
    [InlineData(ExitCodes.Usage, "run", "--max-chunk-age", "60001")]
    [InlineData(ExitCodes.Usage, "run", "--config", "nowhere.json")]
    public async Task What_cannot_be_is_one_line_and_an_exit_code(int exitCode, params string[] arguments)
    {
        using var vla = Start([
            .. arguments,
            .. arguments.Contains("--http") ? Array.Empty<string>() : ["--http", "off"],
        ]);

        var errors = await vla.StandardError.ReadToEndAsync();
        await vla.WaitForExitAsync();

        Assert.Equal(exitCode, vla.ExitCode);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("vla: ", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--camra", "run", "--camra", "synthetic")]
    [InlineData("--rat", "run", "--rat", "5", "--http", "off")]
    [InlineData("--polcy", "model", "--polcy", "config/policies/notebook")]
    [InlineData("notebook", "forward", "notebook")]
    public async Task What_is_not_known_first_is_what_is_named(string named, params string[] arguments)
    {
        using var vla = Start(arguments);

        var errors = await vla.StandardError.ReadToEndAsync();
        await vla.WaitForExitAsync();

        Assert.Equal(ExitCodes.Usage, vla.ExitCode);
        Assert.Contains($"'{named}'", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_set_duration_ends_the_run_in_good_order()
    {
        using var vla = Start(
            "run",
            "--http",
            "off",
            "--duration",
            "0.5",
            "--output",
            $"jsonl:{File("actions.jsonl")}"
        );

        await vla.WaitForExitAsync();

        Assert.Equal(0, vla.ExitCode);
        Assert.Contains("\"state\":\"stop\"", (await LinesAsync()).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_camera_of_another_shape_than_the_policy_was_trained_on_is_said_at_the_start()
    {
        using var vla = Start(
            "run",
            "--http",
            "off",
            "--camera",
            "synthetic?size=640x360",
            "--policy",
            Repository.File("config/policies/tabletop"),
            "--robot",
            Repository.File("config/robots/tabletop.json"),
            "--output",
            $"jsonl:{File("actions.jsonl")}"
        );

        var said = new List<string>();
        while (said is [] || !said[^1].Contains("was trained on", StringComparison.Ordinal))
        {
            said.Add(
                await vla.StandardError.ReadLineAsync()
                    ?? throw new InvalidOperationException(
                        $"it ended without having said it: {string.Join('\n', said)}"
                    )
            );
        }

        vla.Kill();
        Assert.Contains(
            "camera 'synthetic' gives 640x360, the policy was trained on 640x480",
            said[^1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Instructions_come_line_by_line_from_a_pipe()
    {
        using var vla = Start(
            "run",
            "--http",
            "off",
            "--max-age",
            "10000",
            "--output",
            $"jsonl:{File("actions.jsonl")}"
        );

        await vla.StandardInput.WriteLineAsync("pick up the red block");

        await UntilAsync(lines =>
            lines.Any(line => line.Contains("\"instruction\":\"pick up the red block\"", StringComparison.Ordinal))
        );
        vla.Kill();
        await vla.WaitForExitAsync();
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "vla.dll"), .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = _folder.Path,
        };
        start.Environment["VLA_HOME"] = Path.GetDirectoryName(Repository.File("Vla.sln"));
        return Process.Start(start)!;
    }

    private string File(string name) => _folder.File(name);

    private async Task<string[]> LinesAsync() =>
        System.IO.File.Exists(File("actions.jsonl"))
            ? (await System.IO.File.ReadAllTextAsync(File("actions.jsonl"))).Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries
            )
            : [];

    /// <summary>Looks at the file of actions until it says what is waited for.</summary>
    private async Task UntilAsync(Func<string[], bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition(await LinesAsync()))
            await look.WaitForNextTickAsync(patience.Token);
    }
}
