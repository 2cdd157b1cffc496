using System.CommandLine;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Runtime.Commands;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.SmolVla;

/// <summary>SmolVLA against what LeRobot's own code computed from the same files.</summary>
public sealed class SmolVlaTests : IDisposable
{
    private const string Fixture = "smolvla";
    private const double OfLayers = 1e-4;
    private const double OfNormalised = 5e-5;
    private const double OfActions = 2e-3;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose()
    {
        _scope.Dispose();
        _directory.Dispose();
    }

    [FixtureFact(Fixture)]
    public void Every_step_is_LeRobots_with_cameras_that_are_there_and_with_one_that_is_not()
    {
        var steps = _directory.File("steps.safetensors");

        Invoke(
            "forward",
            "--policy",
            SharedFixtures.Path(Fixture),
            "--device",
            "cpu",
            "--input",
            Path.Combine(SharedFixtures.Path(Fixture), "inputs.safetensors"),
            "--output",
            steps
        );

        using var golden = Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "golden.safetensors"));
        using var written = Checkpoint.Open(steps);
        Assert.Empty(golden.Tensors.Keys.Except(written.Tensors.Keys));
        foreach (var name in golden.Tensors.Keys)
        {
            var (expected, actual) = (golden.ReadTensor(name), written.ReadTensor(name));
            Assert.Equal(expected.shape, actual.shape);
            Assert.Equal(golden.Tensors[name].Type, written.Tensors[name].Type);
            var off = (expected.to_type(ScalarType.Float64) - actual.to_type(ScalarType.Float64))
                .abs()
                .max()
                .ToDouble();
            Assert.True(off <= Tolerance(name), $"{name} is off by {off}");
        }
    }

    [FixtureFact(Fixture)]
    public void Model_says_what_it_is()
    {
        var text = Invoke("model", "--policy", SharedFixtures.Path(Fixture), "--device", "cpu");

        Assert.Contains("LeRobot's SmolVLA", text, StringComparison.Ordinal);
        Assert.Contains("camera1 160x120, camera2 90x150", text, StringComparison.Ordinal);
        Assert.Contains("12 actions, of which 5 are carried out", text, StringComparison.Ordinal);
    }

    [FixtureTheory(Fixture)]
    [InlineData("config.json", "\"num_vlm_layers\": 4", "\"num_vlm_layers\": 7", "has no model.vlm_with_expert.")]
    [InlineData(
        "config.json",
        "\"adapt_to_pi_aloha\": false",
        "\"adapt_to_pi_aloha\": true",
        "adapt_to_pi_aloha is true, allowed is false"
    )]
    [InlineData(
        "config.json",
        "\"attention_mode\": \"cross_attn\"",
        "\"attention_mode\": \"self_attn\"",
        "attention_mode is \"self_attn\""
    )]
    [InlineData(
        "config.json",
        "\"prefix_length\": -1",
        "\"prefix_length\": 100",
        "prefix_length is above 0, allowed is -1"
    )]
    [InlineData("config.json", "\"max_action_dim\": 32", "\"max_action_dim\": 4", "max_action_dim is 4")]
    [InlineData("config.json", "HuggingFaceTB/SmolVLM2-500M-Video-Instruct", "somebody/else", "")]
    [InlineData(
        "policy_preprocessor.json",
        "\"tokenizer_processor\"",
        "\"render_messages_processor\"",
        "registry_name is render_messages_processor"
    )]
    public void What_cannot_be_used_is_named(string file, string old, string replacement, string message)
    {
        _directory.With(SharedFixtures.Path(Fixture)).Edit(file, old, replacement);
        Directory.CreateDirectory(_directory.File("vlm"));
        if (message.Length > 0)
            File.Copy(
                Path.Combine(SharedFixtures.Path(Fixture), "vlm", "config.json"),
                _directory.File("vlm/config.json")
            );

        var error = Record.Exception(() => SmolVlaCheckpoint.Load(_directory.Path, CPU));

        Assert.Contains(
            message.Length > 0
                ? message
                : "whose sizes are not known here: put that model's config.json beside the weights as vlm/config.json",
            Assert.IsType<PolicyException>(error).Message,
            StringComparison.Ordinal
        );
    }

    private static double Tolerance(string name) =>
        name switch
        {
            _ when name.EndsWith(".normalized", StringComparison.Ordinal)
                    || name.EndsWith("v_t", StringComparison.Ordinal) => OfNormalised,
            _ when name.EndsWith(".chunk", StringComparison.Ordinal)
                    || name.EndsWith("select_action", StringComparison.Ordinal) => OfActions,
            _ => OfLayers,
        };

    private static string Invoke(params string[] arguments)
    {
        var root = new RootCommand { ModelCommand.Create(), ForwardCommand.Create() };
        using var output = new StringWriter();
        var parsed = root.Parse(arguments);
        Assert.Empty(parsed.Errors);
        parsed.Invoke(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false });
        return output.ToString();
    }
}
