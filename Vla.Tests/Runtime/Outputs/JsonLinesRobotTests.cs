using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Outputs;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Outputs;

public sealed class JsonLinesRobotTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string LogFile => _folder.File("actions.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_folder_is_made_and_every_action_is_a_line()
    {
        var file = Path.Combine(_folder.Path, "deep", "er", "actions.jsonl");
        using (var robot = new JsonLinesRobot(file, Make.Profile()))
        {
            robot.Open();
            robot.Apply(Make.Published(1, ControlState.Policy));
            robot.Apply(Make.Published(2, ControlState.Stop));
        }

        Assert.Equal([1, 2], Sequences(file));
    }

    [Fact]
    public void An_existing_file_is_continued()
    {
        for (var run = 1; run <= 2; run++)
        {
            using var robot = new JsonLinesRobot(LogFile, Make.Profile());
            robot.Apply(Make.Published(run, ControlState.Policy));
        }

        Assert.Equal([1, 2], Sequences(LogFile));
    }

    [Fact]
    public void A_broken_last_line_does_not_spoil_the_next_one()
    {
        File.WriteAllText(LogFile, "{\"sequence\":1}\n{\"seque");
        using (var robot = new JsonLinesRobot(LogFile, Make.Profile()))
            robot.Apply(Make.Published(2, ControlState.Policy));

        var lines = File.ReadAllLines(LogFile);
        Assert.Equal(["{\"sequence\":1}", "{\"seque"], lines[..2]);
        Assert.Equal(2, JsonDocument.Parse(lines[2]).RootElement.GetProperty("sequence").GetInt64());
        Assert.Equal(3, lines.Length);
    }

    [LinuxFact]
    public void A_full_disk_is_an_error_for_each_action_until_there_is_room_again()
    {
        File.CreateSymbolicLink(LogFile, "/dev/full");
        using (var robot = new JsonLinesRobot(LogFile, Make.Profile()))
        {
            Assert.Throws<IOException>(() => robot.Apply(Make.Published(1, ControlState.Policy)));
            Assert.Throws<IOException>(() => robot.Apply(Make.Published(2, ControlState.Policy)));
            File.Delete(LogFile);
            robot.Apply(Make.Published(3, ControlState.Policy));
        }

        Assert.Equal([3], Sequences(LogFile));
    }

    [LinuxFact]
    public void The_control_loop_goes_on_while_the_disk_is_full_and_the_log_recovers()
    {
        File.CreateSymbolicLink(LogFile, "/dev/full");
        var clock = new ManualClock();
        var other = new FakeRobot();
        using var loop = new ControlLoop(
            Make.Profile(),
            new ControlOptions { FlushMs = 20_000 },
            [new JsonLinesRobot(LogFile, Make.Profile()), other],
            clock
        );
        loop.Tick(clock.NowNs);
        Assert.True(SpinWait.SpinUntil(() => loop.Snapshot().Outputs[0].Failing, TimeSpan.FromSeconds(20)));
        for (var i = 0; i < 10; i++)
            loop.Tick(clock.NowNs);

        File.Delete(LogFile);
        loop.Shutdown("done");

        Assert.Equal(12, other.Applied.Count);
        Assert.Equal(12, Sequences(LogFile)[^1]);
        var log = loop.Snapshot().Outputs[0];
        Assert.Equal((12, false), (log.Applied + log.Failures, log.Failing));
    }

    [Fact]
    public void A_path_that_cannot_be_opened_is_told_at_start()
    {
        using var robot = new JsonLinesRobot(_folder.Path, Make.Profile());

        Assert.Contains("cannot be opened", Assert.Throws<UsageException>(robot.Open).Message);
    }

    [LinuxTheory]
    [InlineData("itself")]
    [InlineData("another path")]
    [InlineData("a symbolic link")]
    [InlineData("a hard link")]
    public void A_file_that_another_output_writes_to_is_refused_by_whatever_name_until_it_is_let_go(string name)
    {
        var other = name == "itself" ? LogFile : _folder.File("other.jsonl");
        using (var first = new JsonLinesRobot(LogFile, Make.Profile()))
        {
            first.Open();
            if (name == "another path")
                other = Path.Combine(_folder.Path, "..", Path.GetFileName(_folder.Path), "actions.jsonl");
            else if (name == "a symbolic link")
                File.CreateSymbolicLink(other, LogFile);
            else if (name == "a hard link")
                Run("ln", LogFile, other);
            using var second = new JsonLinesRobot(other, Make.Profile());

            Assert.Contains(
                "writes to this file",
                Assert.Throws<UsageException>(second.Open).Message,
                StringComparison.Ordinal
            );
            first.Apply(Make.Published(1, ControlState.Policy));
            Assert.Equal([1], Sequences(LogFile));
        }

        using var later = new JsonLinesRobot(other, Make.Profile());
        later.Open();
    }

    [LinuxFact]
    public void A_pipe_that_nobody_reads_is_said_instead_of_waited_for()
    {
        Run("mkfifo", LogFile);

        Assert.Contains(
            "nobody reads this pipe",
            Assert.Throws<IOException>(() => OutputFile.Open(LogFile, TimeSpan.Zero)).Message,
            StringComparison.Ordinal
        );
    }

    [LinuxFact]
    public async Task A_pipe_whose_reader_leaves_fails_until_there_is_another()
    {
        Run("mkfifo", LogFile);
        using var robot = new JsonLinesRobot(LogFile, Make.Profile());
        var opening = Task.Run(() => File.OpenRead(LogFile));
        robot.Open();
        using (var reader = await opening)
        {
            robot.Apply(Make.Published(1, ControlState.Policy));
            Assert.True(await reader.ReadAsync(new byte[10]) > 0);
        }

        Assert.Throws<IOException>(() => robot.Apply(Make.Published(2, ControlState.Policy)));
        Assert.Contains(
            "nobody reads",
            Assert.Throws<IOException>(() => robot.Apply(Make.Published(3, ControlState.Policy))).Message,
            StringComparison.Ordinal
        );
        using var another = new FileStream(
            LogFile,
            FileMode.Open,
            FileAccess.ReadWrite,
            FileShare.ReadWrite,
            bufferSize: 0
        );
        robot.Apply(Make.Published(4, ControlState.Policy));
    }

    [LinuxFact]
    public void A_socket_is_no_file()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(LogFile));
        using var robot = new JsonLinesRobot(LogFile, Make.Profile());

        Assert.Contains("it is a socket", Assert.Throws<UsageException>(robot.Open).Message, StringComparison.Ordinal);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static List<long> Sequences(string file) =>
        [
            .. File.ReadLines(file)
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("sequence").GetInt64()),
        ];
}
