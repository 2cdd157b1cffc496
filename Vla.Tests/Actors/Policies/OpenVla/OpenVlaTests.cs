using System.CommandLine;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.OpenVla;
using Vla.Actors.Policies.OpenVla.Modules;
using Vla.Runtime.Commands;
using Vla.Tests.Actors.Policies.Tokenizing;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.OpenVla;

/// <summary>OpenVLA against what its own code computed from the same files.</summary>
public sealed class OpenVlaTests : IDisposable
{
    private const string Fixture = "openvla";
    private const int FirstByte = 3;
    private const int Space = 259;

    private static readonly RobotNaming Arm = new()
    {
        Who = "the arm",
        ActionNames = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"],
        ActionUnits = ["m", "m", "m", "rad", "rad", "rad", "1"],
    };

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
        var golden = Path.Combine(SharedFixtures.Path(Fixture), "golden.safetensors");
        var steps = _directory.File("steps.safetensors");

        Invoke(
            "forward",
            "--policy",
            SharedFixtures.Path(Fixture),
            "--device",
            "cpu",
            "--input",
            golden,
            "--output",
            steps
        );

        using var expected = Checkpoint.Open(golden);
        using var written = Checkpoint.Open(steps);
        Assert.Empty(expected.Tensors.Keys.Except(written.Tensors.Keys));
        foreach (var name in expected.Tensors.Keys)
        {
            var (one, other) = (expected.ReadTensor(name), written.ReadTensor(name));
            Assert.Equal(one.shape, other.shape);
            Assert.Equal(expected.Tensors[name].Type, written.Tensors[name].Type);
            var off = (one.to(ScalarType.Float64) - other.to(ScalarType.Float64)).abs().max().ToDouble();
            Assert.True(off <= Tolerance(name, expected.Tensors[name].Type), $"{name} is off by {off}");
        }
    }

    [FixtureFact(Fixture)]
    public void Model_says_what_it_is_and_what_a_run_needs()
    {
        var text = Invoke("model", "--policy", SharedFixtures.Path(Fixture), "--device", "cpu");

        Assert.Contains("Policy:     OpenVLA (", text, StringComparison.Ordinal);
        Assert.Contains("Cameras:    front 56x56", text, StringComparison.Ordinal);
        Assert.Contains("a run needs its tokenizer: put tokenizer.json", text, StringComparison.Ordinal);
    }

    [FixtureFact(Fixture)]
    public void Of_several_data_sets_one_has_to_be_chosen_and_the_choices_are_named()
    {
        WithTokenizer();
        _directory.Edit(
            "config.json",
            "\"norm_stats\": {",
            "\"norm_stats\": { \"other\": { \"action\": { \"q01\": [0, 0], \"q99\": [2, 4] } },"
        );
        var policy = PolicyFamilies.Load(_directory.Path);

        const string choices = "give --unnorm-key (unnormKey), one of bridge_orig, other";
        Assert.Contains(choices, Refusal(() => policy.Driving(Arm)), StringComparison.Ordinal);
        Assert.Contains(
            choices,
            Refusal(() => policy.Choosing(new PolicyChoices { UnnormKey = "nobody" })),
            StringComparison.Ordinal
        );
        Assert.Contains(policy.Remarks, remark => remark.Contains(choices, StringComparison.Ordinal));
        var other = (OpenVlaPolicy)policy.Choosing(new PolicyChoices { UnnormKey = "other" }).Driving(Arm);
        Assert.Equal(2, other.Action.Dimensions);
        // Without a mask all are brought back: the lowest token is the highest value.
        var acted = other.Act([256, 511]);
        Assert.Equal(2 * 0.5 * (1 + 254 / 255.0), acted[0], 1e-6);
        Assert.Equal(4 * 0.5 * (1 - 254 / 255.0), acted[1], 1e-6);
    }

    [FixtureFact(Fixture)]
    public void Statistics_beside_it_are_a_choice_too()
    {
        WithTokenizer();
        File.WriteAllText(
            _directory.File("dataset_statistics.json"),
            """{ "mine": { "action": { "q01": [0], "q99": [1], "mask": [true] } } }"""
        );

        Assert.Contains(
            "one of bridge_orig, mine",
            Refusal(() => PolicyFamilies.Load(_directory.Path).Driving(Arm)),
            StringComparison.Ordinal
        );
    }

    [FixtureFact(Fixture)]
    public void A_question_is_asked_in_the_words_of_training()
    {
        WithTokenizer();
        var policy = (OpenVlaPolicy)PolicyFamilies.Load(_directory.Path).Driving(Arm);

        var asked = policy.Ask("Lift the Can.");

        var spelled = string.Concat(asked.Skip(1).Select(id => id == Space ? ' ' : (char)(id - FirstByte)));
        Assert.Equal(1, asked[0]);
        Assert.Equal(" In: What action should the robot take to lift the can?\nOut:", spelled);
    }

    [FixtureFact(Fixture)]
    public void Without_its_tokenizer_a_run_is_refused() =>
        Assert.Contains(
            "has no tokenizer: put tokenizer.json of the checkpoint's repository beside the weights",
            Refusal(() => PolicyFamilies.Load(SharedFixtures.Path(Fixture)).Driving(Arm)),
            StringComparison.Ordinal
        );

    [FixtureFact(Fixture)]
    public void In_bfloat16_as_it_is_stored_it_sees_nearly_the_same()
    {
        using var exact = OpenVlaCheckpoint.Open(SharedFixtures.Path(Fixture), CPU);
        using var coarse = OpenVlaCheckpoint.Open(SharedFixtures.Path(Fixture), CPU, Precision.BFloat16);
        using var golden = Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "golden.safetensors"));
        var pixels = golden.ReadTensor("case0.pixel_values");

        var (one, other) = (exact.Look(pixels), coarse.Look(pixels));
        var answer = coarse.Answer(other, golden.ReadTensor("case0.input_ids").data<long>().ToArray(), 7);

        Assert.Equal(ScalarType.BFloat16, other.dtype);
        var off = (one - other.to(ScalarType.Float32)).abs().max().ToDouble();
        // Three digits of numbers up to 5 or so.
        Assert.True(off < 0.1, $"off by {off}");
        Assert.Equal(7, answer.Length);
    }

    [FixtureTheory(Fixture)]
    [InlineData(
        "config.json",
        "\"num_attention_heads\": 4",
        "\"num_attention_heads\": 3",
        "num_key_value_heads is 4, allowed is a divisor"
    )]
    [InlineData(
        "config.json",
        "\"num_hidden_layers\": 2",
        "\"num_hidden_layers\": 3",
        "has no language_model.model.layers.2"
    )]
    [InlineData("config.json", "vit_so400m_patch14_siglip_224", "vit_clip", "allowed is a DINOv2 (dinov2) or a SigLIP")]
    [InlineData("config.json", "\"n_action_bins\": 256", "\"n_action_bins\": 600", "n_action_bins is 600")]
    [InlineData("config.json", "resize-naive", "resize-wild", "image_resize_strategy is")]
    [InlineData("preprocessor_config.json", "\"tvf_normalize_params\"", "\"tvf\"", "tvf_normalize_params")]
    [InlineData("model.safetensors.index.json", "\"weight_map\"", "\"weights\"", "has no weight_map")]
    public void What_does_not_fit_is_named(string file, string old, string replacement, string message)
    {
        _directory.With(SharedFixtures.Path(Fixture)).Edit(file, old, replacement);

        Assert.Contains(message, Refusal(() => PolicyFamilies.Load(_directory.Path)), StringComparison.Ordinal);
    }

    [FixtureTheory(Fixture)]
    [InlineData("../model-00001-of-00002.safetensors", "allowed is a file beside the index")]
    [InlineData("model-00003-of-00002.safetensors", "model-00003-of-00002.safetensors")]
    [InlineData("model-00002-of-00002.safetensors", "and is not: the files are of different checkpoints")]
    public void A_shard_that_is_not_where_it_should_be_is_named(string place, string message)
    {
        _directory.With(SharedFixtures.Path(Fixture));
        var index = _directory.File("model.safetensors.index.json");
        const string name = "\"vision_backbone.featurizer.cls_token\": \"";
        var text = File.ReadAllText(index);
        File.WriteAllText(
            index,
            text.Replace($"{name}model-00001-of-00002.safetensors", name + place, StringComparison.Ordinal)
        );

        Assert.Contains(message, Refusal(() => PolicyFamilies.Load(_directory.Path)), StringComparison.Ordinal);
    }

    private void WithTokenizer()
    {
        _directory.With(SharedFixtures.Path(Fixture));
        File.WriteAllText(_directory.File("tokenizer.json"), Tokenizers.OfLlama(["▁"]));
    }

    private static string Refusal(Action act)
    {
        var error = Record.Exception(act);
        Assert.True(error is PolicyException or CheckpointException, $"{error}");
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    private static double Tolerance(string name, CheckpointType type) =>
        type switch
        {
            CheckpointType.I64 or CheckpointType.U8 => 0,
            CheckpointType.F64 => 1e-9,
            _ => name.Contains("pixel_values", StringComparison.Ordinal) ? 1e-5 : 1e-4,
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
