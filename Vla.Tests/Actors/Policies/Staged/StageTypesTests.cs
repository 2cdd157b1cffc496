using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Policies.Staged.Fusion;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Staged;

/// <summary>Policy directories that name their stages by type, in combinations that fit and that do not.</summary>
public sealed class StageTypesTests : IDisposable
{
    private const string SimpleVision = """{ "type": "simple_vision", "feature_dim": 24 }""";
    private const string Spatial = """{ "type": "spatial", "dim": 24 }""";
    private const string ResNet = """{ "type": "resnet18", "width": 3 }""";
    private const string PooledViT =
        """{ "type": "vit", "image_size": 32, "patch_size": 8, "dim": 24, "layers": 1, "heads": 3, "pooled": true }""";
    private const string Bert =
        """{ "type": "bert", "vocab_size": 1000, "max_positions": 16, "dim": 24, "layers": 1, "heads": 3,"""
        + """ "feed_forward_dim": 48 }""";
    private const string PooledGpt2 =
        """{ "type": "gpt2", "vocab_size": 1000, "max_positions": 16, "dim": 24, "layers": 1, "heads": 3,"""
        + """ "pooled": true }""";
    private const string Lstm =
        """{ "type": "simple_language", "vocab_size": 1000, "embed_dim": 8, "hidden_dim": 8, "feature_dim": 24 }""";
    private const string Simple =
        """{ "type": "simple_fusion", "vision_dim": 24, "language_dim": 24, "fused_dim": 48 }""";
    private const string Film =
        """{ "type": "film", "vision_dim": 24, "language_dim": 24, "state_dim": 2, "dim": 24, "layers": 1,"""
        + """ "pooled": true }""";
    private const string Cross =
        """{ "type": "cross_attention", "vision_dim": 24, "language_dim": 24, "dim": 24, "heads": 3, "layers": 1,"""
        + """ "queries": 3 }""";
    private const string Slots =
        """{ "type": "slot_attention", "vision_dim": 24, "language_dim": 24, "state_dim": 2, "rows": 4,"""
        + """ "columns": 4, "dim": 24, "heads": 3, "slots": 2, "feed_forward_dim": 48 }""";
    private const string Mlp = """{ "type": "simple_decoder", "input_dim": 24, "action_dim": 7 }""";
    private const string Act =
        """{ "type": "act", "input_dim": 24, "action_dim": 7, "horizon": 1, "dim": 24, "heads": 3, "layers": 1,"""
        + """ "feed_forward_dim": 48 }""";
    private const string State =
        """, "state": { "names": ["x", "jaw"], "units": ["m", "m"], "mean": [0, 0], "std": [0.2, 0.04] }""";

    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.NotebookPolicy);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(Spatial, Bert, Slots, Act, State)]
    [InlineData(ResNet, PooledGpt2, Cross, Act, "")]
    [InlineData(PooledViT, Bert, Film, Mlp, State)]
    [InlineData(SimpleVision, Bert, Cross, Act, "")]
    [InlineData(Spatial, Lstm, Film, Mlp, State)]
    [InlineData(PooledViT, PooledGpt2, Simple, Mlp, "")]
    public void Stages_that_fit_make_a_policy(
        string vision,
        string language,
        string fusion,
        string decoder,
        string state
    )
    {
        Write(vision, language, fusion, decoder, state);
        using var scope = NewDisposeScope();
        using var guard = inference_mode();

        var policy = StagedPolicy.Load(_directory.Path);
        using var model = policy.CreateModel(CPU);
        var action = model.call(zeros(1, 3, 32, 32), policy.Tokenize("pick up the red block"));

        Assert.Equal(7, action.numel());
        Assert.Equal(state.Length > 0 ? ["x", "jaw"] : [], policy.State.Names);
        using var made = policy.CreateFusion(CPU);
        Assert.Equal(policy.State.Dimensions, made is StateFusion takesState ? takesState.StateDim : 0);
    }

    [Theory]
    [InlineData(
        Spatial,
        Bert,
        Simple,
        Mlp,
        "",
        "fusion (simple_fusion) does not take vision features [1, 16, 24] and language features [1, 10, 24]"
    )]
    [InlineData(
        PooledViT,
        Bert,
        Slots,
        Act,
        State,
        "fusion (slot_attention) does not take vision features [1, 24] and language features [1, 10, 24]: there are "
            + "1 vision tokens, rows × columns is 4 × 4"
    )]
    [InlineData(Spatial, Bert, Slots, Mlp, State, "action_decoder gives [1, 7, 7], expected [1, 7] or [1, 1, 7]")]
    [InlineData(
        Spatial,
        Bert,
        Slots,
        Act,
        "",
        "fusion (slot_attention) takes 2 numbers of robot state, but state.names has 0"
    )]
    [InlineData(
        Spatial,
        Bert,
        Cross,
        Act,
        State,
        "fusion (cross_attention) takes 0 numbers of robot state, but state.names has 2"
    )]
    public void Stages_that_do_not_fit_are_named_with_their_shapes(
        string vision,
        string language,
        string fusion,
        string decoder,
        string state,
        string message
    )
    {
        Write(vision, language, fusion, decoder, state);

        AssertRefused(message);
    }

    [Theory]
    [InlineData("\"image_size\": 32", "\"image_size\": 64", "the picture has 32 × 32 pixels, image_size says 64 × 64")]
    [InlineData("\"heads\": 3", "\"heads\": 5", "heads is 5, allowed is a divisor of dim, 24")]
    [InlineData("\"patch_size\": 8", "\"patch_size\": 7", "patch_size is 7, allowed is a divisor of image_size, 32")]
    [InlineData("\"pooled\": true", "\"pooled\": true, \"dropout\": 1", "dropout is 1, allowed is 0 to 0.9")]
    public void A_wrong_setting_of_a_stage_is_named(string old, string replacement, string message)
    {
        if (message.Contains("picture", StringComparison.Ordinal))
            Write(PooledViT.Replace(old, replacement, StringComparison.Ordinal), Bert, Cross, Act, "");
        else
            Configure(PooledViT.Replace(old, replacement, StringComparison.Ordinal), Bert, Cross, Act, "");

        AssertRefused(message);
    }

    [Fact]
    public void A_pad_id_other_than_the_vocabularys_is_named()
    {
        Write(Spatial, Bert.Replace("\"heads\"", "\"pad_id\": 3, \"heads\"", StringComparison.Ordinal), Cross, Act, "");

        AssertRefused("language_encoder has pad_id 3, but [PAD] is line 1 of vocab.txt; set pad_id to 0");
    }

    [Fact]
    public void A_sentence_longer_than_the_encoders_positions_is_named()
    {
        Write(
            Spatial,
            Bert.Replace("\"max_positions\": 16", "\"max_positions\": 9", StringComparison.Ordinal),
            Cross,
            Act,
            ""
        );

        AssertRefused("a sentence has 10 tokens, max_positions is 9");
    }

    private void AssertRefused(string message)
    {
        var error = Assert.Throws<PolicyException>(() => StagedPolicy.Load(_directory.Path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private void Configure(string vision, string language, string fusion, string decoder, string state) =>
        File.WriteAllText(
            _directory.File(StagedPolicy.ConfigFile),
            $$"""
            {
              "name": "test",
              "stages": { "vision_encoder": {{vision}}, "language_encoder": {{language}}, "fusion": {{fusion}},
                "action_decoder": {{decoder}} },
              "image": { "height": 32, "width": 32, "mean": [0, 0, 0], "std": [1, 1, 1] },
              "text": { "sequence_length": 10, "padding": "right" }{{state}},
              "action": {
                "names": ["x", "y", "z", "roll", "pitch", "yaw", "gripper"], "units": ["m", "m", "m", "rad", "rad",
                  "rad", "1"],
                "mean": [0, 0, 0, 0, 0, 0, 0], "std": [1, 1, 1, 1, 1, 1, 1], "horizon": 1, "step_ms": 100
              }
            }
            """
        );

    private void Write(string vision, string language, string fusion, string decoder, string state)
    {
        Configure(vision, language, fusion, decoder, state);
        var weights = new Dictionary<string, Tensor>();
        var modules = new List<Module>(); // a module that is collected takes its tensors along
        Add("vision_encoder", vision, StageTypes.Vision);
        Add("language_encoder", language, StageTypes.Language);
        Add("fusion", fusion, StageTypes.Fusion);
        Add("action_decoder", decoder, StageTypes.Decoder);
        SafetensorsWriter.Write(_directory.File(StagedPolicy.WeightsFile), weights);
        modules.ForEach(module => module.Dispose());

        void Add<TModule>(string key, string section, StageTable<TModule> types)
            where TModule : Module
        {
            using var json = JsonDocument.Parse(section);
            var module = StageTypes
                .Read(new ConfigSection(_directory.File(StagedPolicy.ConfigFile), key, json.RootElement), types)
                .Create(CPU);
            modules.Add(module);
            foreach (var (name, tensor) in module.state_dict())
                weights.Add($"{key}.{name}", tensor);
        }
    }
}
