using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using System.Xml.Linq;
using OpenCvSharp;
using TorchSharp;
using Vla.Actors.Control;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Runtime.Outputs;
using Vla.Runtime.Registries;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Tests.Runtime.Hosting;

namespace Vla.Tests.Project;

/// <summary>A project of somebody else's, outside the repository, made of what the documentation says.</summary>
/// <remarks>
/// Built by the SDK as its user does. Packages come from the folder that the repository's own restore filled: whoever
/// references Vla.Actors gets the versions that it was tested with. Vla itself is not built again: this process runs
/// it.
/// </remarks>
public sealed partial class OutsideProjectTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [LinuxFact]
    public void A_robot_builds_without_a_warning()
    {
        Write("MyArm.csproj", Documentation.BlockWith("docs/robot.md", "xml", "<Project"));
        Write("MyArm.cs", Documentation.CodeWith("class MyArm"));

        Assert.Empty(BuildWarnings());
        Assert.True(File.Exists(_folder.File("bin/Release/net10.0/MyArm.dll")));
    }

    [LinuxFact]
    public async Task A_robot_with_state_builds_without_a_warning_and_is_driven_lost_and_found_again()
    {
        Write("TwoJoints.csproj", Documentation.BlockWith("docs/robot.md", "xml", "<Project"));
        Write("TwoJoints.cs", Documentation.CodeWith("class TwoJoints"));
        Assert.Empty(BuildWarnings());

        using var arm = new LineArm();
        var spec = RobotRegistry.Parse(
            $"dll:{_folder.File("bin/Release/net10.0/TwoJoints.dll")}#{arm.Address}",
            _folder.Path
        );
        var made = spec.Make(
            new RobotContext(() => throw new InvalidOperationException("there is no world here"), TimeProvider.System)
        );
        using var side = RobotSide.Assemble(
            made,
            [],
            new OutputContext(made.Profile, () => new ConsoleSnapshot(), null, TimeProvider.System),
            filmsTabletop: false,
            new StateSpec(["elbow"], ["rad"], [0], [1]),
            rateHz: 50
        );
        side.Connect(CancellationToken.None);
        side.Start();
        using var loop = new ControlLoop(
            made.Profile,
            new ControlOptions(),
            side.Outputs,
            new ControlClock(),
            state: side.Moved!.State,
            policyTakesState: true,
            robot: side.Moved
        );
        loop.Start();

        // It holds where it is.
        await arm.HearAsync("go 0.25 -0.5");
        Assert.Equal([0.25f, -0.5f], side.Moved.State!.Newest!.Value.Values);
        arm.HangUp();
        await arm.HearAsync("go 0.25 -0.5");
        Assert.Equal(1, side.Moved.Reconnected);
        loop.Dispose();
        await arm.HearAsync("stop");
    }

    [LinuxFact]
    public void A_camera_builds_without_a_warning_and_gives_its_pictures()
    {
        Write("MyCamera.csproj", Documentation.BlockWith("docs/cameras.md", "xml", "<Project"));
        Write("PipeCamera.cs", Documentation.CodeWith("class PipeCamera"));
        Assert.Empty(BuildWarnings());
        var pipe = _folder.File("pipe");
        File.WriteAllBytes(pipe, [.. Enumerable.Repeat((byte)7, 640 * 480 * 3), .. new byte[10]]);

        using var camera = CameraRegistry
            .Parse($"dll:{_folder.File("bin/Release/net10.0/MyCamera.dll")}#{pipe}")
            .Open(TimeProvider.System);
        using var picture = new Mat();
        var capturedNs = camera.Read(picture);

        Assert.Equal(new CameraDescription($"pictures from {pipe}", 640, 480, 30), camera.Description);
        Assert.InRange(TimeProvider.System.NowNs() - capturedNs, 0, 60 * MonotonicTime.NsPerSecond);
        Assert.Equal(new Vec3b(7, 7, 7), picture.At<Vec3b>(479, 639));
        Assert.Equal(
            $"camera {pipe}: its program has ended",
            Assert.Throws<CameraLostException>(() => camera.Read(picture)).Message
        );
        var missing = Assert.Throws<CameraException>(() =>
            CameraRegistry
                .Parse($"dll:{_folder.File("bin/Release/net10.0/MyCamera.dll")}#{pipe}.none")
                .Open(TimeProvider.System)
        );
        Assert.Contains("cannot be opened", missing.Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Programs_of_every_kind_build_without_a_warning_pass_their_tests_and_run_together()
    {
        Write("MyStage.csproj", Documentation.BlockWith("docs/csharp.md", "xml", "<Project"));
        foreach (var code in CSharpPrograms())
            Write($"{Path.GetRandomFileName()}.cs", code);

        Assert.Empty(BuildWarnings());
        Assert.Matches(@"Passed!  - Failed: +0, Passed: +6,", Dotnet("test", "--no-build"));

        // As the page says, all of one library.
        var library = _folder.File("bin/Release/net10.0/MyStage.dll");
        using (
            var together = new RunningDaemon(
                new VlaSettings
                {
                    Camera = [$"dll:{library}"],
                    Policy = $"dll:{library}",
                    Robot = $"dll:{library}",
                    Instruction = "look at the lamp",
                }
            )
        )
        {
            var action = await together.NextAsync(action => Pan(action) is > 0.01f or < -0.01f);
            Assert.Equal("policy", action.GetProperty("state").GetString());
            Assert.Equal(["prepare", "turn"], StepsOf(action));
            await together.EndAsync();
        }

        // A directory of the library's own family.
        Directory.CreateDirectory(_folder.File("steady"));
        Write("steady/config.json", """{ "type": "steady", "speed": 0.25 }""");
        using (
            var steady = new RunningDaemon(
                new VlaSettings
                {
                    Camera = ["synthetic"],
                    Policy = _folder.File("steady"),
                    Libraries = [library],
                    Robot = $"dll:{library}",
                    Instruction = "turn",
                }
            )
        )
        {
            await steady.NextAsync(action => Pan(action) == 0.25f);
            await steady.EndAsync();
        }

        // And the type of stage that it registered.
        Write("config.json", """{ "type": "colour_grid", "cells": 4 }""");
        var stage = StageTypes.Read(ConfigSection.Read(_folder.File("config.json")), StageTypes.Vision);
        using var module = stage.Create(torch.CPU);
        using var pictures = torch.ones(1, 3, 16, 16);
        using var colours = module.call(pictures);
        Assert.Equal([1L, 48], colours.shape);

        static float Pan(JsonElement action) => action.GetProperty("values").GetProperty("pan").GetSingle();

        static IEnumerable<string?> StepsOf(JsonElement action) =>
            action.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("step").GetString());
    }

    /// <summary>The programs of docs/csharp.md.</summary>
    internal static IEnumerable<string> CSharpPrograms() => Documentation.Blocks("docs/csharp.md", "csharp");

    [Fact]
    public void The_documentations_projects_name_the_versions_that_the_repository_uses()
    {
        var central = XDocument
            .Load(Repository.File("Directory.Packages.props"))
            .Descendants("PackageVersion")
            .ToDictionary(
                package => (string)package.Attribute("Include")!,
                package => (string)package.Attribute("Version")!
            );
        var properties = XDocument
            .Load(Repository.File("Directory.Packages.props"))
            .Descendants("PropertyGroup")
            .Elements()
            .ToDictionary(property => property.Name.LocalName, property => property.Value);

        var named = Documentation
            .Pages.SelectMany(page => Documentation.Blocks(page, "xml"))
            .SelectMany(text => XDocument.Parse(text).Descendants("PackageReference"))
            .ToList();

        Assert.NotEmpty(named);
        Assert.All(
            named,
            package =>
            {
                var version = central[(string)package.Attribute("Include")!];
                Assert.Equal(
                    Property().Replace(version, match => properties[match.Groups[1].Value]),
                    (string)package.Attribute("Version")!
                );
            }
        );
    }

    private void Write(string file, string text) =>
        File.WriteAllText(
            _folder.File(file),
            text.Replace("../vla/", Repository.File(".") + "/", StringComparison.Ordinal)
        );

    private string[] BuildWarnings() => UsersDotnet.Warnings(Dotnet("build"));

    private string Dotnet(string verb, params string[] arguments)
    {
        string[] restoring =
            verb != "build"
                ? []
                :
                [
                    $"-p:RestoreSources={PackagesFolder()}",
                    "-p:NoWarn=NU1603",
                    "-p:BuildProjectReferences=false",
                    "-nodeReuse:false",
                ];
        // Hard links, as the repository has them: a copy of libtorch is half a gigabyte.
        return UsersDotnet.Run(
            _folder.Path,
            [
                verb,
                "-c",
                "Release",
                "-nologo",
                "-p:CreateHardLinksForCopyLocalIfPossible=true",
                .. restoring,
                .. arguments,
            ]
        );
    }

    internal static string PackagesFolder()
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Repository.File("Vla.Actors/obj/project.assets.json")));
        return assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
    }

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Property();

    /// <summary>The arm that docs/robot.md speaks to: answers each line, and can hang up.</summary>
    private sealed class LineArm : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();
        private TcpClient? _client;

        public LineArm()
        {
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public string Address => $"{_listener.LocalEndpoint}";

        public async Task HearAsync(string line)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (await _heard.Reader.ReadAsync(limit.Token) != line) { }
        }

        public void HangUp()
        {
            _client!.Dispose();
            while (_heard.Reader.TryRead(out _)) { }
        }

        public void Dispose()
        {
            _listener.Dispose();
            _client?.Dispose();
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                _client = await _listener.AcceptTcpClientAsync();
                try
                {
                    using var from = new StreamReader(_client.GetStream());
                    await using var to = new StreamWriter(_client.GetStream()) { AutoFlush = true };
                    while (await from.ReadLineAsync() is { } line)
                    {
                        await to.WriteLineAsync(line == "where" ? "0.25 -0.5" : "ok");
                        if (line != "where")
                            await _heard.Writer.WriteAsync(line);
                    }
                }
                catch (Exception exception) when (exception is IOException or ObjectDisposedException)
                {
                    // Hung up.
                }
            }
        }
    }
}
