using System.CommandLine;
using System.Text.Json;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Commands;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Commands;

/// <summary><c>vla model</c>, <c>vla forward</c> and <c>vla import</c> on a LeRobot ACT directory, as typed.</summary>
public sealed class ActCommandsTests : IDisposable
{
    private static readonly string Tiny = TestData.Path("act/tiny");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Model_says_what_it_is_what_it_takes_and_gives_and_what_is_open()
    {
        var text = Invoke("model", "--policy", Tiny, "--device", "cpu");

        Assert.Contains("LeRobot's ACT", text, StringComparison.Ordinal);
        Assert.Contains("cpu, float32", text, StringComparison.Ordinal);
        Assert.Contains("303,742 used at inference", text, StringComparison.Ordinal);
        Assert.Contains("front 128x96, wrist 128x96", text, StringComparison.Ordinal);
        Assert.Contains("20 actions, of which 8 are carried out", text, StringComparison.Ordinal);
        Assert.Contains("look (vision backbone), plan (transformer)", text, StringComparison.Ordinal);
        Assert.Contains("has no names for the numbers of action and observation.state", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Model_as_JSON_holds_the_same()
    {
        using var json = JsonDocument.Parse(Invoke("model", "--policy", Tiny, "--device", "cpu", "--json"));
        var root = json.RootElement;

        Assert.Equal(303_742, root.GetProperty("parameters").GetInt64());
        Assert.Equal(
            ["front", "wrist"],
            root.GetProperty("pictures").EnumerateArray().Select(one => one.GetProperty("name").GetString())
        );
        Assert.Equal(20, root.GetProperty("horizon").GetInt32());
        Assert.False(root.GetProperty("takesWords").GetBoolean());
    }

    [Fact]
    public void Forward_writes_every_step_of_LeRobots_under_its_name()
    {
        using var scope = NewDisposeScope();
        var output = _directory.File("steps.safetensors");

        Invoke(
            "forward",
            "--policy",
            Tiny,
            "--device",
            "cpu",
            "--input",
            TestData.Path("act/inputs.safetensors"),
            "--output",
            output
        );

        using var golden = Checkpoint.Open(Path.Combine(Tiny, "golden.safetensors"));
        using var steps = Checkpoint.Open(output);
        Assert.Empty(golden.Tensors.Keys.Except(steps.Tensors.Keys));
        foreach (var name in golden.Tensors.Keys)
        {
            // The fixture's inputs are fewer here than its results.
            var step = steps.ReadTensor(name);
            var off = (golden.ReadTensor(name).narrow(0, 0, step.shape[0]) - step).abs().max().ToDouble();
            var tolerance = name is "chunk" || name.StartsWith("select", StringComparison.Ordinal) ? 2e-3 : 1e-4;
            Assert.True(off <= tolerance, $"{name} is off by {off}");
        }
    }

    [Theory]
    [InlineData("--figure", "features.png", "--figure draws the four stages")]
    [InlineData("--unnorm-key", "bridge_orig", "leave --unnorm-key out")]
    public void Forward_refuses_what_another_family_takes(string option, string value, string message)
    {
        var input = TestData.Path("act/inputs.safetensors");

        var error = Assert.Throws<UsageException>(() =>
            Invoke("forward", "--policy", Tiny, "--device", "cpu", "--input", input, option, value)
        );

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_robot_profile_is_made_with_the_limits_of_the_training_and_says_that_nobody_has_looked()
    {
        var file = _directory.File("arm.json");

        var text = Invoke("import", "--policy", Tiny, "--robot-profile", file);

        var profile = RobotProfile.Load(file);
        Assert.Equal((6, "arm", true), (profile.Dimensions.Count, profile.Name, profile.LimitsEnabled));
        Assert.Equal((-63.3f, 68.7f), (profile.Dimensions[0].Minimum, profile.Dimensions[0].Maximum));
        Assert.Equal(HoldBehaviour.Keep, profile.Dimensions[0].Hold);
        Assert.Contains("not looked over by anybody", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Contains("Nobody has looked it over", text, StringComparison.Ordinal);
        Assert.Contains(
            "is there already",
            Assert.Throws<UsageException>(() => Invoke("import", "--policy", Tiny, "--robot-profile", file)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Bench_says_how_long_a_chunk_takes() =>
        Assert.Contains(
            "ms a chunk at the median",
            Invoke("bench", "--policy", Tiny, "--seconds", "0.5"),
            StringComparison.Ordinal
        );

    [Fact]
    public void Bench_shows_pictures_by_the_names_that_the_checkpoint_renames()
    {
        using var policy = new TemporaryDirectory().With(Tiny);
        policy.Edit(
            "policy_preprocessor.json",
            "\"rename_map\": {}",
            "\"rename_map\": { \"observation.images.above\": \"observation.images.front\" }"
        );

        Assert.Contains(
            "ms a chunk at the median",
            Invoke("bench", "--policy", policy.Path, "--seconds", "0.5"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_directory_that_needs_no_import_is_said_to_need_none() =>
        Assert.Contains("nothing has to be imported", Invoke("import", "--policy", Tiny), StringComparison.Ordinal);

    [Theory]
    [InlineData("--weights", "a.pt")]
    [InlineData("--robot-profile", "a.json")]
    [InlineData("--policy", "p", "--weights", "a.pt", "--output", "b")]
    [InlineData()]
    public void What_does_not_go_together_is_said_with_what_does(params string[] arguments) =>
        Assert.StartsWith(
            "give either --weights FILE and --output DIR",
            Assert.Throws<UsageException>(() => Invoke(["import", .. arguments])).Message,
            StringComparison.Ordinal
        );

    private static string Invoke(params string[] arguments)
    {
        var root = new RootCommand
        {
            ModelCommand.Create(),
            ForwardCommand.Create(),
            ImportCommand.Create(),
            BenchCommand.Create(),
        };
        using var output = new StringWriter();
        var parsed = root.Parse(arguments);
        Assert.Empty(parsed.Errors);
        parsed.Invoke(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false });
        return output.ToString();
    }
}
