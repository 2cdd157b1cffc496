using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using OpenCvSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Outputs;
using Vla.Runtime.Robots;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Project;

/// <summary>
/// The walks of docs/adding.md, as they stand there: each is a folder of its own and one line in a table, compiles with
/// that line in the table, and is found by its name.
/// </summary>
public sealed partial class WalkTests : IClassFixture<WalkTests.Walks>, IDisposable
{
    private readonly Walks _walks;
    private readonly TemporaryDirectory _folder = new();

    public WalkTests(Walks walks) => _walks = walks;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_walk_is_one_folder_that_is_not_there_yet_and_one_line_in_a_table_that_is()
    {
        Assert.Equal(5, _walks.All.Count);
        Assert.All(
            _walks.All,
            walk =>
            {
                var folder = Assert.Single(walk.Files.Select(file => Path.GetDirectoryName(file.Path)!).Distinct());
                Assert.False(Directory.Exists(Repository.File(folder)), folder);
                Assert.True(Directory.Exists(Repository.File(Path.GetDirectoryName(folder)!)), folder);
                Assert.True(File.Exists(Repository.File(walk.Table)), walk.Table);
                Assert.Single(walk.Line.TrimEnd('\n').Split('\n'));
            }
        );
    }

    [Fact]
    public void The_camera_is_found_by_its_name_and_gives_its_pictures()
    {
        using (var grey = new Mat(48, 64, MatType.CV_8UC3, new Scalar(90, 90, 90)))
            Assert.True(Cv2.ImWrite(_folder.File("a.png"), grey));
        File.WriteAllText(_folder.File("b.png"), "no picture");

        var source = _walks.Call<CameraSource>(
            "Vla.Runtime.Registries.CameraRegistry",
            "Parse",
            $"pictures:{_folder.Path}?fps=1000"
        );
        using var camera = source.Open(TimeProvider.System);
        using var picture = new Mat();
        var takenNs = camera.Read(picture);

        Assert.Equal(new CameraDescription($"pictures:{_folder.Path}", 64, 48, 1_000), camera.Description);
        Assert.Equal(new Vec3b(90, 90, 90), picture.At<Vec3b>(47, 63));
        Assert.True(takenNs <= TimeProvider.System.NowNs());
        Assert.Contains(
            $"camera picture {_folder.File("b.png")}: ",
            Assert.Throws<CameraException>(() => camera.Read(picture)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'pictures:DIR'",
            Refusal("Vla.Runtime.Registries.CameraRegistry", ""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "there is no such folder",
            Assert
                .Throws<CameraException>(() =>
                    _walks
                        .Call<CameraSource>("Vla.Runtime.Registries.CameraRegistry", "Parse", "pictures:/none")
                        .Open(TimeProvider.System)
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_type_of_stage_is_made_from_its_section_and_computes()
    {
        var types = _walks.Read<IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>>>(
            "Vla.Actors.Policies.Staged.Vision.VisionTypes",
            "All"
        );
        var section = new ConfigSection(
            "config.json",
            "vision",
            JsonElement.Parse("""{ "cells": 2, "feature_dim": 5 }""")
        );

        using var module = types["mean_colours"](section)(CPU);
        using var pictures = ones(3, 3, 16, 16);
        using var features = module.call(pictures);

        Assert.Equal([3L, 5], features.shape);
        Assert.Equal(["project.weight", "project.bias"], module.named_parameters().Select(parameter => parameter.name));
    }

    [Fact]
    public void The_family_recognises_its_directories_and_reads_them()
    {
        File.WriteAllText(_folder.File("config.json"), """{ "type": "sweep", "amplitude": 0.2 }""");

        var policy = _walks.Call<IPolicy>("Vla.Actors.Policies.PolicyFamilies", "Load", _folder.Path, null);

        Assert.Equal("sweep", policy.Info.Name);
        Assert.Equal(["swing"], policy.Steps.Select(step => step.Name));
        Assert.Equal(10, policy.Action.Horizon);
        File.WriteAllText(_folder.File("config.json"), """{ "type": "sweep", "amplitude": 2 }""");
        Assert.Contains(
            "amplitude",
            Refusal("Vla.Actors.Policies.PolicyFamilies", _folder.Path, null, method: "Load"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_robot_is_made_by_its_name_and_turns()
    {
        var time = new FakeTimeProvider();
        var spec = _walks.Call<RobotSpec>("Vla.Runtime.Robots.RobotRegistry", "Parse", "turntable", _folder.Path);
        var made = spec.Make(new RobotContext(() => throw new InvalidOperationException("no world here"), time));
        using var robot = made.Robot!;
        made.Profile.RequireFits(robot);
        robot.Connect(CancellationToken.None);

        robot.Apply(Action(0.5f));
        time.Advance(TimeSpan.FromSeconds(2));
        var state = new float[1];

        Assert.Equal(time.NowNs(), robot.ReadState(state));
        Assert.Equal(1, state[0], tolerance: 1e-6);
    }

    [Fact]
    public void The_output_is_opened_by_its_name_and_writes()
    {
        var profile = new RobotProfile(
            "test",
            true,
            [
                new RobotDimension
                {
                    Name = "pan",
                    Unit = "rad/s",
                    Hold = HoldBehaviour.Zero,
                },
            ]
        );
        var spec = _walks.Call<OutputSpec>(
            "Vla.Runtime.Outputs.OutputRegistry",
            "Parse",
            $"csv:{_folder.File("actions.csv")}"
        );

        using (
            var output = spec.Open(new OutputContext(profile, () => new ConsoleSnapshot(), null, TimeProvider.System))
        )
            output.Apply(Action(0.25f));

        Assert.Equal(["published_ns,state,pan", "2,Policy,0.25"], File.ReadAllLines(_folder.File("actions.csv")));
        Assert.Contains("csv:FILE", Refusal("Vla.Runtime.Outputs.OutputRegistry", "csv:"), StringComparison.Ordinal);
        Assert.Contains("csv:FILE", Refusal("Vla.Runtime.Outputs.OutputRegistry", "x"), StringComparison.Ordinal);
    }

    private static PublishedAction Action(float value) =>
        new()
        {
            Sequence = 1,
            State = ControlState.Policy,
            Reason = "",
            Values = ActionValues.Create([value]),
            Clamped = 0,
            Origin = new Origin { CapturedNs = 1 },
            PublishedNs = 2,
        };

    private string Refusal(string type, string text, Precision? precision = null, string method = "Parse") =>
        Assert
            .ThrowsAny<Exception>(() =>
                method == "Load"
                    ? _walks.Call<object>(type, method, text, precision)
                    : _walks.Call<object>(type, method, text)
            )
            .Message;

    /// <summary>One walk.</summary>
    public sealed record Walk(IReadOnlyList<(string Path, string Code)> Files, string Table, string Line);

    /// <summary>
    /// All of them in one library: their files, and the tables with their lines in place of those that Vla has.
    /// </summary>
    public sealed partial class Walks : IDisposable
    {
        private const string Page = "docs/adding.md";

        private readonly TemporaryDirectory _folder = new();
        private readonly Assembly _library;

        public Walks()
        {
            All = [.. Sections().Split(Documentation.Read(Page)).Select(Read).OfType<Walk>()];
            // By this name it may see what is internal, as what lies in the repository does.
            var file = CompiledCode.Write(
                All.SelectMany(walk => walk.Files.Select(one => one.Code).Append(WithLine(walk))),
                _folder.File("Vla.Tests.dll")
            );
            _library = new AssemblyLoadContext("walks").LoadFromAssemblyPath(file);
        }

        public IReadOnlyList<Walk> All { get; }

        public T Call<T>(string type, string method, params object?[] arguments) =>
            (T)
                _library
                    .GetType(type, throwOnError: true)!
                    .GetMethod(method)!
                    .Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;

        public T Read<T>(string type, string property) =>
            (T)_library.GetType(type, throwOnError: true)!.GetProperty(property)!.GetValue(null)!;

        public void Dispose() => _folder.Dispose();

        private static Walk? Read(string section)
        {
            var blocks = Block().Matches(section);
            if (blocks.Count == 0)
                return null;
            var table = Assert.Single(blocks, block => block.Groups["line"].Success);
            return new Walk(
                [.. blocks.Where(block => block != table).Select(block => (block.Groups["path"].Value, Code(block)))],
                table.Groups["path"].Value,
                Code(table)
            );

            static string Code(Match block) => block.Groups["code"].Value;
        }

        /// <summary>The table's file, with the line before the first that looks like it.</summary>
        private static string WithLine(Walk walk)
        {
            var shape = Shape().Match(walk.Line).Value;
            var lines = File.ReadAllLines(Repository.File(walk.Table)).ToList();
            var first = lines.FindIndex(line => line.StartsWith(shape, StringComparison.Ordinal));
            Assert.True(first >= 0, $"{walk.Table} has no line that begins with '{shape}'");
            lines.Insert(first, walk.Line);
            return string.Join('\n', lines);
        }

        [GeneratedRegex("^## ", RegexOptions.Multiline)]
        private static partial Regex Sections();

        [GeneratedRegex(
            "(?:(?<line>Its line in )`(?<path>Vla[^`]+\\.cs)`[^`]*:\n\n```csharp\n|```csharp\n// (?<path>\\S+)\n)"
                + "(?<code>.*?)^```$",
            RegexOptions.Multiline | RegexOptions.Singleline
        )]
        private static partial Regex Block();

        /// <summary>Indent and first mark: <c>new(</c>, <c>["</c>, <c>new </c>.</summary>
        [GeneratedRegex("""^ +(new\(|\["|new )""")]
        private static partial Regex Shape();
    }
}
