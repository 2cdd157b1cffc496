using System.CommandLine;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Rt1;
using Vla.Actors.Policies.Rt1.Modules;
using Vla.Runtime.Commands;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Rt1;

/// <summary>RT-1 against what an independent implementation computed from the same files.</summary>
public sealed class Rt1Tests : IDisposable
{
    private const string Fixture = "rt1";

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose()
    {
        _scope.Dispose();
        _directory.Dispose();
    }

    [FixtureFact(Fixture)]
    public void Every_step_is_the_originals_and_every_token_equal()
    {
        using var golden = Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "golden.safetensors"));
        var input = _directory.File("input.safetensors");
        SafetensorsWriter.Write(input, WithTables(golden));
        var steps = _directory.File("steps.safetensors");

        Invoke(
            "forward",
            "--policy",
            SharedFixtures.Path(Fixture),
            "--device",
            "cpu",
            "--input",
            input,
            "--output",
            steps
        );

        using var written = Checkpoint.Open(steps);
        Assert.Empty(golden.Tensors.Keys.Except(written.Tensors.Keys));
        foreach (var name in golden.Tensors.Keys)
        {
            var (expected, actual) = (golden.ReadTensor(name), written.ReadTensor(name));
            Assert.Equal(expected.shape, actual.shape);
            Assert.Equal(golden.Tensors[name].Type, written.Tensors[name].Type);
            var off = (expected.to(ScalarType.Float64) - actual.to(ScalarType.Float64)).abs().max().ToDouble();
            Assert.True(off <= Tolerance(name), $"{name} is off by {off}");
        }
    }

    [FixtureFact(Fixture)]
    public void Model_says_what_it_is()
    {
        var text = Invoke("model", "--policy", SharedFixtures.Path(Fixture), "--device", "cpu");

        Assert.Contains("Policy:     RT-1 (", text, StringComparison.Ordinal);
        Assert.Contains("world_vector_x (m)", text, StringComparison.Ordinal);
        Assert.Contains("Cameras:    front 100x100", text, StringComparison.Ordinal);
        Assert.Contains("put their vectors beside its weights as", text, StringComparison.Ordinal);
    }

    [FixtureTheory(Fixture)]
    [InlineData("\"num_heads\": 8", "\"num_heads\": 4", "expected are 4 heads of 8 (num_heads, layer_size)")]
    [InlineData("\"num_layers\": 8", "\"num_layers\": 9", "has no transformer.layers.8.")]
    [InlineData("\"time_sequence_length\": 6", "\"time_sequence_length\": 7", "has 114 places, and 133 follow from")]
    [InlineData("\"num_image_tokens\": 8", "\"num_image_tokens\": 7", "give image tokens of [1, 8, 128]")]
    [InlineData("\"vocab_size\": 256", "\"vocab_size\": 255", "give action logits of [1, 11, 256]")]
    [InlineData("\"tokens_per_action\": 11", "\"tokens_per_action\": 12", "tokens_per_action is 12, allowed is 11")]
    [InlineData(
        "\"depth_coefficient\": 1.4",
        "\"depth_coefficient\": 2.2",
        "has no image_tokenizer.tokenizer.net.block1c"
    )]
    [InlineData("\"use_token_learner\": true", "\"use_token_learner\": false", "use_token_learner is false")]
    [InlineData("\"context_size\": 512", "\"context_size\": 511", "takes 512 numbers and would be given 511")]
    [InlineData("\"type\": \"int32\"", "\"type\": \"int64\"", "type is \"int64\", allowed is float32, int32")]
    public void What_does_not_fit_is_named(string old, string replacement, string message)
    {
        _directory.With(SharedFixtures.Path(Fixture)).Edit("config.json", old, replacement);

        Assert.Contains(
            message,
            Assert.Throws<PolicyException>(() => PolicyFamilies.Load(_directory.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [FixtureFact(Fixture)]
    public void An_instruction_has_the_vector_that_is_called_as_it_and_others_are_refused()
    {
        _directory.With(SharedFixtures.Path(Fixture));
        var vector = arange(512, dtype: ScalarType.Float32);
        SafetensorsWriter.Write(
            _directory.File(InstructionTable.FileName),
            new Dictionary<string, Tensor> { ["Pick  the can."] = vector }
        );

        var policy = (Rt1Policy)PolicyFamilies.Load(_directory.Path);

        Assert.Equal(511, policy.Encode(" pick the CAN")[511]);
        Assert.Null(policy.ReadWords("pick the can")!.NoneKnown);
        Assert.Contains(
            "has no vector for \"fly\": instructions.safetensors has those of \"pick the can\"",
            policy.ReadWords("fly")!.NoneKnown,
            StringComparison.Ordinal
        );
    }

    [FixtureTheory(Fixture)]
    [InlineData(511, "'pick' is [511]")]
    public void A_vector_of_another_length_is_refused(int length, string message)
    {
        _directory.With(SharedFixtures.Path(Fixture));
        SafetensorsWriter.Write(
            _directory.File(InstructionTable.FileName),
            new Dictionary<string, Tensor> { ["pick"] = zeros(length) }
        );

        Assert.Contains(
            message,
            Assert.Throws<PolicyException>(() => PolicyFamilies.Load(_directory.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [FixtureFact(Fixture)]
    public void An_arm_steered_by_its_end_effector_gets_the_parts_that_it_takes()
    {
        var policy = PolicyFamilies.Load(SharedFixtures.Path(Fixture));
        var arm = policy.Driving(
            new RobotNaming
            {
                Who = "the arm",
                ActionNames = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"],
                ActionUnits = ["m", "m", "m", "rad", "rad", "rad", "1"],
            }
        );

        Assert.Equal(13, policy.Action.Dimensions);
        Assert.Equal(["x", "y", "z", "roll", "pitch", "yaw", "gripper"], arm.Action.Names);
        Assert.Equal(["m", "m", "m", "rad", "rad", "rad", "1"], arm.Action.Units);
        Assert.Equal((0f, 1f), (arm.Range!.Lowest[6], arm.Range.Highest[6]));
        Assert.Contains(
            arm.Remarks,
            remark => remark.StartsWith("terminate_episode, base_displacement", StringComparison.Ordinal)
        );
        // Closed is 1 there and 0 here.
        var all = new float[13];
        all[9] = 1;
        Assert.Equal(0, ((Rt1Policy)arm).Layout.Of(all)[6]);
    }

    [Fact]
    public void Tokens_mean_what_the_original_means()
    {
        var part = new Rt1ActionPart("world_vector", 3, -1, 1, IsChoice: false);
        var (values, tokens) = (new float[3], new int[3]);

        part.Values([0, 255, 51], values, 256);
        part.Tokenise([-7, 0.999f, 0], tokens, 256);

        Assert.Equal([-1, 1, -0.6f], values);
        Assert.Equal([0, 254, 127], tokens);
    }

    [Fact]
    public void A_choice_is_one_of_several_and_a_token_that_is_none_counts_as_the_first()
    {
        var part = new Rt1ActionPart("terminate_episode", 3, 0, 1, IsChoice: true);
        var (values, tokens) = (new float[3], new int[1]);

        part.Values([2], values, 256);
        part.Tokenise([0, 0.25f, 0.5f], tokens, 256);
        Assert.Equal([0, 0, 1], values);
        Assert.Equal(2, tokens[0]);
        part.Values([3], values, 256);
        Assert.Equal([1, 0, 0], values);
    }

    private static Dictionary<string, Tensor> WithTables(Checkpoint golden)
    {
        using var inputs = Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "inputs.safetensors"));
        var all = inputs.Tensors.Keys.ToDictionary(name => name, inputs.ReadTensor);
        foreach (
            var name in golden.Tensors.Keys.Where(name =>
                name == "table.tokens" || name.StartsWith("table.actions.", StringComparison.Ordinal)
            )
        )
            all[name] = golden.ReadTensor(name);
        return all;
    }

    private static double Tolerance(string name) =>
        name switch
        {
            "table.tokens" or "table.actions_tokens" => 0,
            _ when name.EndsWith("action_tokens", StringComparison.Ordinal) => 0,
            _ when name.Contains("action.", StringComparison.Ordinal) => 1e-6,
            _ when name.StartsWith("table.", StringComparison.Ordinal) => 1e-6,
            _ when name.EndsWith("logits", StringComparison.Ordinal) => 5e-4,
            _ when name.StartsWith("large.", StringComparison.Ordinal) => 1e-3,
            _ => 1e-4,
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
