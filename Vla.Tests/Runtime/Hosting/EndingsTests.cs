using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Vla.Runtime;

namespace Vla.Tests.Runtime.Hosting;

/// <summary>However the process ends that can still speak, its last message on every output is a stop.</summary>
public sealed class EndingsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string Actions => _folder.File("actions.jsonl");

    public void Dispose() => _folder.Dispose();

    [LinuxTheory]
    [InlineData("SIGTERM")]
    [InlineData("SIGINT")]
    [InlineData("SIGHUP")]
    [InlineData("SIGQUIT")]
    [InlineData("SIGUSR1")]
    public async Task Every_signal_that_ends_a_process_ends_the_run_with_a_stop_and_exit_code_0(string signal)
    {
        using var vla = Run();
        await vla.UntilAsync(Actions, 1);

        await vla.SignalAsync(signal);

        Assert.Equal(ExitCodes.Success, (await vla.EndAsync()).ExitCode);
        Assert.Equal(("stop", $"told to end ({signal})"), VlaProcess.Actions(Actions)[^1]);
    }

    [LinuxFact]
    public async Task Further_signals_cut_nothing_short_and_the_open_episode_is_kept()
    {
        var dataset = _folder.File("dataset");
        using var vla = Run(
            "--camera",
            "synthetic?size=320x240",
            "--instruction",
            "pick up the red block",
            "--max-age",
            "10000",
            "--record",
            dataset
        );
        // More than half a second of it: shorter ones are not kept.
        await vla.UntilAsync(Actions, 100);

        await vla.SignalAsync("HUP", "TERM", "TERM", "INT");

        Assert.Equal(ExitCodes.Success, (await vla.EndAsync()).ExitCode);
        Assert.Equal(("stop", "told to end (SIGHUP)"), VlaProcess.Actions(Actions)[^1]);
        Assert.Contains(
            "\"total_episodes\": 1",
            await File.ReadAllTextAsync(Path.Combine(dataset, "meta", "info.json")),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("thread")]
    [InlineData("timer")]
    [InlineData("async-void")]
    public async Task An_exception_that_nobody_catches_is_a_stop_one_line_and_exit_code_1(string how)
    {
        using var vla = Run("--world-drives-robot", "--output", RobotThat(how));

        var (exitCode, errors) = await vla.EndAsync();

        Assert.Equal(ExitCodes.Failure, exitCode);
        var line = Complaint(errors);
        Assert.Contains("InvalidOperationException: nobody catches this", line, StringComparison.Ordinal);
        var (state, reason) = VlaProcess.Actions(Actions)[^1];
        Assert.Equal("stop", state);
        Assert.Contains("nobody catches this", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit")]
    [InlineData("exit-directly")]
    [InlineData("exit-elsewhere")]
    public async Task Whoever_exits_from_inside_gets_the_exit_code_asked_for_after_a_stop(string how)
    {
        using var vla = Run("--world-drives-robot", "--output", RobotThat(how));

        Assert.Equal(9, (await vla.EndAsync()).ExitCode);
        Assert.Equal(("stop", "the process was told to exit from inside"), VlaProcess.Actions(Actions)[^1]);
    }

    [Fact]
    public async Task A_run_whose_address_is_taken_has_published_nothing()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var robot = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var vla = VlaProcess.Start(
            _folder.Path,
            "run",
            "--world-drives-robot",
            "--http",
            $"http://{taken.LocalEndpoint}",
            "--output",
            $"jsonl:{Actions}",
            "--output",
            $"udp://{robot.Client.LocalEndPoint}"
        );

        var (exitCode, errors) = await vla.EndAsync();

        Assert.Equal(ExitCodes.Usage, exitCode);
        Assert.Contains("cannot listen at", Complaint(errors), StringComparison.Ordinal);
        Assert.Empty(VlaProcess.Actions(Actions));
        Assert.Equal(0, robot.Available);
    }

    [Fact]
    public async Task A_stage_that_never_comes_back_ends_the_run_with_a_stop_its_name_and_an_exit_code_of_its_own()
    {
        // Good for 30 pictures, then it never returns.
        using var policy = new TemporaryDirectory().With(TestData.NotebookPolicy);
        policy.Edit(
            "config.json",
            "\"type\": \"simple_vision\", \"feature_dim\": 128",
            "\"type\": \"torchscript\", \"file\": \"hangs.pt\""
        );
        File.Copy(Repository.File("Vla.Tests/Fixtures/torchscript/hangs.pt"), policy.File("hangs.pt"));
        var settings = _folder.File("vla.json");
        await File.WriteAllTextAsync(settings, """{ "stages": { "hangSeconds": 1 } }""");
        using var vla = Run(
            "--config",
            settings,
            "--camera",
            "synthetic",
            "--policy",
            policy.Path,
            "--robot",
            Repository.File("config/robots/notebook.json"),
            "--max-age",
            "1000",
            "--instruction",
            "pick up the red block"
        );

        var (exitCode, errors) = await vla.EndAsync();

        Assert.Equal(ExitCodes.Hang, exitCode);
        // The log tells of the stop at the same time, and either line may be the last.
        Assert.Contains(
            errors,
            line => line.StartsWith("vla: the vision encoder hangs: for ", StringComparison.Ordinal)
        );
        var (state, reason) = VlaProcess.Actions(Actions)[^1];
        Assert.Equal("stop", state);
        Assert.StartsWith("the vision encoder hangs: for ", reason, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_pipe_that_nobody_reads_any_more_ends_the_run_as_a_closed_terminal_does()
    {
        var vla =
            $"dotnet '{Path.Combine(AppContext.BaseDirectory, "vla.dll")}' run --http off --output console --output "
            + $"'jsonl:{Actions}'";
        using var shell = Process.Start(
            new ProcessStartInfo("bash", ["-c", $"{vla} 2>&1 </dev/null | head -1; exit ${{PIPESTATUS[0]}}"])
            {
                Environment = { ["VLA_HOME"] = Path.GetDirectoryName(Repository.File("Vla.sln")) },
            }
        )!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        await shell.WaitForExitAsync(limit.Token);

        Assert.Equal(ExitCodes.Success, shell.ExitCode);
        Assert.Equal(("stop", "standard output was closed by whoever read it"), VlaProcess.Actions(Actions)[^1]);
    }

    [LinuxFact]
    public async Task A_second_run_on_the_same_file_is_refused_and_leaves_it_as_it_is()
    {
        using var first = Run();
        await first.UntilAsync(Actions, 1);
        using var second = Run();

        var (exitCode, errors) = await second.EndAsync();

        Assert.Equal(ExitCodes.Usage, exitCode);
        Assert.Contains("another run", Complaint(errors), StringComparison.Ordinal);
        await first.SignalAsync("TERM");
        Assert.Equal(ExitCodes.Success, (await first.EndAsync()).ExitCode);
    }

    /// <summary>Why the run ended; on a busy machine warnings, and that starting takes long, come before.</summary>
    private static string Complaint(string[] errors) =>
        Assert.Single(
            errors,
            line =>
                line.StartsWith("vla: ", StringComparison.Ordinal)
                && !line.Contains(" takes long", StringComparison.Ordinal)
        );

    private static string RobotThat(string how) => $"dll:{typeof(RobotThatEnds).Assembly.Location}#{how}";

    private VlaProcess Run(params string[] more) =>
        VlaProcess.Start(_folder.Path, ["run", "--http", "off", .. more, "--output", $"jsonl:{Actions}"]);
}
