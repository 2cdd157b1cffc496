using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Chunks;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies;

public sealed class PolicyTests : IDisposable
{
    private const string Config = StagedPolicy.ConfigFile;

    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.NotebookPolicy);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_notebook_policy_says_that_it_is_untrained()
    {
        var policy = StagedPolicy.Load(TestData.NotebookPolicy);

        Assert.Equal("notebook", policy.Info.Name);
        Assert.False(policy.Info.Trained);
        Assert.Contains("Untrained", policy.Info.Note, StringComparison.Ordinal);
        Assert.Equal((224, 224), (policy.Image.Height, policy.Image.Width));
        Assert.Equal(["x", "y", "z", "roll", "pitch", "yaw", "gripper"], policy.Action.Names);
        Assert.Equal((1_000, 10), (policy.VocabularySize, policy.SequenceLength));
    }

    [Fact]
    public void Its_stages_in_a_row_give_what_PyTorch_gave()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var golden = Checkpoint.Open(TestData.Path("simplevla/golden.safetensors"));
        var policy = StagedPolicy.Load(TestData.NotebookPolicy);
        using var vision = policy.CreateVisionEncoder(CPU);
        using var language = policy.CreateLanguageEncoder(CPU);
        using var fusion = policy.CreateFusion(CPU);
        using var decoder = policy.CreateActionDecoder(CPU);

        var action = decoder.call(
            fusion.call(vision.call(golden.ReadTensor("image")), language.call(golden.ReadTensor("text")))
        );

        Assert.True((action - golden.ReadTensor("action")).abs().max().ToDouble() <= 1e-5);
    }

    [Fact]
    public void A_stage_can_be_made_again_and_again()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        var policy = StagedPolicy.Load(TestData.NotebookPolicy);
        var fused = ones(1, 128);

        using var first = policy.CreateActionDecoder(CPU);
        using var second = policy.CreateActionDecoder(CPU);

        Assert.Equal(first.call(fused).data<float>().ToArray(), second.call(fused).data<float>().ToArray());
    }

    [Fact]
    public void A_tokenized_instruction_is_one_row_of_ids()
    {
        using var ids = StagedPolicy.Load(TestData.NotebookPolicy).Tokenize("pick up the red block");

        Assert.Equal([1, 10], ids.shape);
        Assert.Equal(ScalarType.Int64, ids.dtype);
    }

    [Fact]
    public void The_precision_is_float32_unless_the_policy_or_the_caller_says_otherwise()
    {
        Assert.Equal(Precision.Float32, StagedPolicy.Load(_directory.Path).Precision);

        _directory.Edit(Config, "\"float32\"", "\"bfloat16\"");

        Assert.Equal(Precision.BFloat16, StagedPolicy.Load(_directory.Path).Precision);
        Assert.Equal(Precision.Float32, StagedPolicy.Load(_directory.Path, Precision.Float32).Precision);
    }

    [Fact]
    public void In_another_precision_features_are_float32_and_about_the_same()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var golden = Checkpoint.Open(TestData.Path("simplevla/golden.safetensors"));
        var image = golden.ReadTensor("image");
        var expected = golden.ReadTensor("vision_features");
        var policy = StagedPolicy.Load(TestData.NotebookPolicy, Precision.BFloat16);
        using var encoder = policy.CreateVisionEncoder(CPU);

        var features = encoder.call(image);

        Assert.Equal(ScalarType.Float32, features.dtype);
        Assert.True((features - expected).abs().max().ToDouble() <= 1e-2);
    }

    [Fact]
    public void An_exported_stage_computes_in_another_precision_too()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        var file = TestData.Path("torchscript/vision.pt");
        using var exact = new TorchScriptStage(file, CPU);
        using var reduced = new InPrecision(new TorchScriptStage(file, CPU), ScalarType.BFloat16);
        var picture = full([1, 3, 224, 224], 0.5f);

        var difference = (exact.call(picture) - reduced.call(picture)).abs().max().ToDouble();

        Assert.InRange(difference, 1e-7, 1e-2);
    }

    [Fact]
    public void Unless_it_says_otherwise_a_policy_sees_the_whole_picture_and_follows_its_freshest_plan()
    {
        var policy = StagedPolicy.Load(_directory.Path);

        Assert.Equal(ImageFit.Stretch, policy.Image.Fit);
        Assert.Null(policy.Action.Execution.Execute);
        Assert.Equal(ChunkBlend.Switch, policy.Action.Execution.Blend);
        Assert.Empty(policy.Action.Execution.Binary);
    }

    [Fact]
    public void A_policy_says_how_its_pictures_are_fitted_and_its_chunks_carried_out()
    {
        _directory.Edit(Config, "\"height\": 224", "\"height\": 224, \"fit\": \"crop\"");
        _directory.Edit(
            Config,
            "\"horizon\": 1",
            "\"horizon\": 1, \"execute\": 1, \"blend\": \"ensemble\", \"ensemble_decay\": 0.05, \"binary\": "
                + "[\"gripper\"]"
        );

        var policy = StagedPolicy.Load(_directory.Path);

        Assert.Equal(ImageFit.Crop, policy.Image.Fit);
        var execution = policy.Action.Execution;
        Assert.Equal((1, ChunkBlend.Ensemble, 0.05), (execution.Execute, execution.Blend, execution.EnsembleDecay));
        Assert.Equal([6], execution.Binary);
    }

    [Theory]
    [InlineData("\"float32\"", "\"double\"", "precision is \"double\", allowed is bfloat16, float16, float32")]
    [InlineData("\"height\": 224", "\"height\": 4", "image.height is 4, allowed is 8 to 4096")]
    [InlineData("\"height\": 224", "\"height\": 1e99", "image.height is 1e99, allowed is 8 to 4096")]
    [InlineData("\"height\": 224", "\"hieght\": 224", "image.height is missing, allowed is 8 to 4096")]
    [InlineData(
        "\"height\": 224",
        "\"height\": 224, \"depth\": 1",
        "unknown key 'image.depth'; known here are height, width, mean, std, fit, source_width, source_height"
    )]
    [InlineData(
        "\"height\": 224",
        "\"height\": 224, \"source_width\": 640",
        "image.source_height is missing, allowed is 1 to 65536"
    )]
    [InlineData(
        "\"height\": 224",
        "\"height\": 224, \"source_width\": 640, \"source_height\": 0",
        "image.source_height is 0, allowed is 1 to"
    )]
    [InlineData("\"height\": 224", "\"height\": 224, \"height\": 224", "not valid JSON")]
    [InlineData("0.225]", "0]", "image.std[2] is 0, allowed is 0.001 to 10")]
    [InlineData("0.225]", "0.225, 1]", "image.std is [0.229, 0.224, 0.225, 1], allowed is a list of 3 numbers")]
    [InlineData("\"sequence_length\": 10", "\"sequence_length\": 0", "text.sequence_length is 0, allowed is 1 to 4096")]
    [InlineData("\"left\"", "\"top\"", "text.padding is \"top\", allowed is left, right")]
    [InlineData(
        "\"simple_fusion\"",
        "\"sum\"",
        "stages.fusion.type is \"sum\", allowed is cross_attention, film, simple_fusion, slot_attention, torchscript"
    )]
    [InlineData("\"fused_dim\": 256", "\"fused_dim\": 1", "stages.fusion.fused_dim is 1, allowed is 2 to 65536")]
    [InlineData(
        "\"yaw\"",
        "\"roll\"",
        "action.names is x, y, z, roll, pitch, roll, gripper, allowed is each name once"
    )]
    [InlineData("\"rad\", \"1\"", "\"rad\"", "action.units is")]
    [InlineData(
        "\"height\": 224",
        "\"height\": 224, \"fit\": \"pad\"",
        "image.fit is \"pad\", allowed is crop, stretch"
    )]
    [InlineData("\"horizon\": 1", "\"horizon\": 8, \"execute\": 9", "action.execute is 9, allowed is 1 to 8, whole")]
    [InlineData("\"horizon\": 1", "\"horizon\": 8, \"execute\": 0", "action.execute is 0, allowed is 1 to 8, whole")]
    [InlineData(
        "\"horizon\": 1",
        "\"horizon\": 1, \"binary\": [\"jaw\"]",
        "action.binary is jaw, allowed is names of action.names: x, y, z"
    )]
    [InlineData(
        "\"horizon\": 1",
        "\"horizon\": 1, \"binary\": \"gripper\"",
        "action.binary is \"gripper\", allowed is a list of 0 to 7 texts"
    )]
    [InlineData(
        "\"horizon\": 1",
        "\"horizon\": 1, \"blend\": \"mix\"",
        "action.blend is \"mix\", allowed is ensemble, switch"
    )]
    [InlineData(
        "\"horizon\": 1",
        "\"horizon\": 1, \"blend\": \"ensemble\", \"ensemble_decay\": 11",
        "action.ensemble_decay is 11, allowed is -10 to 10"
    )]
    [InlineData(
        "\"horizon\": 1",
        "\"horizon\": 1, \"ensemble_decay\": 0.1",
        "action.ensemble_decay is given, allowed is only together with \"blend\": \"ensemble\""
    )]
    [InlineData("\"step_ms\": 20", "\"step_ms\": 0", "action.step_ms is 0, allowed is 0.1 to 10000")]
    [InlineData("\"trained\": false", "\"trained\": \"no\"", "trained is \"no\", allowed is true or false")]
    [InlineData("\"name\": \"notebook\"", "\"name\": \"\"", "name is \"\", allowed is text of 1 to 64 characters")]
    public void A_wrong_setting_is_named_with_file_key_value_and_range(string old, string replacement, string message)
    {
        _directory.Edit(Config, old, replacement);

        AssertRefused(message, Config);
    }

    [Theory]
    [InlineData(
        "\"vision_dim\": 128, \"language_dim\": 128",
        "\"vision_dim\": 64, \"language_dim\": 128",
        "fusion.fusion.0.weight is [256, 256], expected [256, 192]"
    )]
    [InlineData(
        "\"vocab_size\": 1000",
        "\"vocab_size\": 999",
        "1 misshapen: language_encoder.embedding.weight is [1000, 128], expected [999, 128]"
    )]
    public void Sizes_that_do_not_fit_the_weights_are_named(string old, string replacement, string message)
    {
        _directory.Edit(Config, old, replacement);

        AssertRefused(message, StagedPolicy.WeightsFile);
    }

    [Fact]
    public void Stages_that_do_not_fit_together_are_found_at_load()
    {
        // Weights that fit each stage by itself, so that only sending something through shows it.
        _directory.Edit(
            Config,
            "\"vision_dim\": 128, \"language_dim\": 128",
            "\"vision_dim\": 64, \"language_dim\": 128"
        );
        ReplaceWeights(new VisionEncoder(), new LanguageEncoder(), new FusionLayer(64, 128), new ActionDecoder());

        AssertRefused(
            "fusion (simple_fusion) does not take vision features [1, 128] and language features [1, 128]",
            ""
        );
    }

    [Fact]
    public void An_action_of_another_length_than_its_names_is_found_at_load()
    {
        _directory.Edit(Config, "\"action_dim\": 7", "\"action_dim\": 6");
        ReplaceWeights(new VisionEncoder(), new LanguageEncoder(), new FusionLayer(), new ActionDecoder(128, 6));

        AssertRefused(
            "action_decoder gives [1, 6], expected [1, 7] or [1, 1, 7] for 7 action names and a horizon of 1",
            ""
        );
    }

    [Fact]
    public void A_vocabulary_longer_than_the_encoders_table_is_found_at_load()
    {
        File.AppendAllText(_directory.File(StagedPolicy.VocabularyFile), "zyzzyva\n");

        AssertRefused("language_encoder (simple_language) does not take token ids up to 1000 [1, 10]", "");
    }

    [Theory]
    [InlineData(StagedPolicy.ConfigFile)]
    [InlineData(StagedPolicy.WeightsFile)]
    [InlineData(StagedPolicy.VocabularyFile)]
    public void A_missing_file_is_named(string file)
    {
        File.Delete(_directory.File(file));

        AssertRefused("cannot be read", file);
    }

    [Fact]
    public void A_missing_directory_is_named()
    {
        var error = Assert.Throws<PolicyException>(() => StagedPolicy.Load("/no/such/policy"));

        Assert.StartsWith("/no/such/policy: is not a directory", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openpi://127.0.0.1:8000")]
    [InlineData("https://example.org/policy")]
    public void An_address_in_place_of_a_directory_is_called_one(string address)
    {
        foreach (var read in (Action[])[() => PolicyFamilies.Load(address), () => PolicyFamilies.Of(address)])
            Assert.Equal(
                $"'{address}' is an address, and here the directory of a policy is wanted, whose weights are on this "
                    + "machine",
                Assert.Throws<PolicyException>(read).Message
            );
    }

    [Fact]
    public void An_exported_stage_needs_no_weights_in_the_checkpoint()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        _directory.With(TestData.Path("torchscript"));
        _directory.Edit(
            Config,
            "{ \"type\": \"simple_vision\", \"feature_dim\": 128 }",
            "{ \"type\": \"torchscript\", \"file\": \"vision.pt\" }"
        );
        _directory.Edit(
            Config,
            "{ \"type\": \"simple_fusion\", \"vision_dim\": 128, \"language_dim\": 128, \"fused_dim\": 256 }",
            "{ \"type\": \"torchscript\", \"file\": \"fusion.pt\" }"
        );
        using var language = new LanguageEncoder();
        using var decoder = new ActionDecoder();
        WriteWeights(("language_encoder.", language), ("action_decoder.", decoder));

        var policy = StagedPolicy.Load(_directory.Path);
        using var vision = policy.CreateVisionEncoder(CPU);
        using var fusion = policy.CreateFusion(CPU);

        // What PyTorch gave for the same modules and inputs.
        AssertClose(
            [0.1260470747947693f, 0.010457012802362442f, 0.32513654232025146f],
            vision.call(full([1, 3, 224, 224], 0.5f))
        );
        AssertClose(
            [-0.0969981849193573f, -0.02635546587407589f, -0.40780916810035706f],
            fusion.call(ones(1, 128), zeros(1, 128))
        );
    }

    [Theory]
    [InlineData("vision.pt", "does not exist")]
    [InlineData("vocab.txt", "is not a TorchScript module")]
    [InlineData("../vision.pt", "a file inside the policy's directory")]
    [InlineData("/etc/passwd", "a file inside the policy's directory")]
    public void An_exported_stage_that_cannot_be_used_is_named(string file, string message)
    {
        _directory.Edit(
            Config,
            "{ \"type\": \"simple_vision\", \"feature_dim\": 128 }",
            $"{{ \"type\": \"torchscript\", \"file\": \"{file}\" }}"
        );

        AssertRefused(message, file);
    }

    [Fact]
    public void A_files_name_with_a_line_break_is_refused_in_one_line()
    {
        _directory.Edit(
            Config,
            "{ \"type\": \"simple_vision\", \"feature_dim\": 128 }",
            """{ "type": "torchscript", "file": "vision\n.pt" }"""
        );

        AssertRefused("\"vision .pt\", allowed is a file inside the policy's directory", "");
    }

    [Theory]
    [InlineData("trained-dropout.pt", "gives another result each time for the same input")]
    [InlineData("trained-batch-norm.pt", "gives another result when a second input lies beside the first")]
    public void An_exported_stage_that_was_left_in_training_mode_is_refused(string file, string message)
    {
        UseExportedVision(file, "");

        AssertRefused($"vision_encoder (torchscript) {message}", "model.eval()");
    }

    [Fact]
    public void An_exported_stage_may_say_that_chance_is_a_part_of_it()
    {
        UseExportedVision("trained-dropout.pt", ", \"stochastic\": true");

        Assert.Equal("torchscript", StagedPolicy.Load(_directory.Path).Info.StageTypes["vision_encoder"]);
    }

    private void UseExportedVision(string file, string more)
    {
        _directory.With(TestData.Path("torchscript"));
        _directory.Edit(
            Config,
            "{ \"type\": \"simple_vision\", \"feature_dim\": 128 }",
            $"{{ \"type\": \"torchscript\", \"file\": \"{file}\"{more} }}"
        );
    }

    private static void AssertClose(float[] expected, Tensor features)
    {
        var values = features.data<float>().ToArray();
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], values[i], 1e-5f);
    }

    private void AssertRefused(string message, string file)
    {
        var error = Assert.IsType<Exception>(
            Record.Exception(() => StagedPolicy.Load(_directory.Path)),
            exactMatch: false
        );
        Assert.True(error is PolicyException or CheckpointException, $"{error}");
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.True(error.Message.Length < 800, error.Message);
    }

    private void ReplaceWeights(
        VisionEncoder vision,
        LanguageEncoder language,
        FusionLayer fusion,
        ActionDecoder decoder
    )
    {
        using (vision)
        using (language)
        using (fusion)
        using (decoder)
            WriteWeights(
                ("vision_encoder.", vision),
                ("language_encoder.", language),
                ("fusion.", fusion),
                ("action_decoder.", decoder)
            );
    }

    private void WriteWeights(params (string Prefix, nn.Module Module)[] stages) =>
        SafetensorsWriter.Write(
            _directory.File(StagedPolicy.WeightsFile),
            stages
                .SelectMany(stage => stage.Module.state_dict().Select(pair => (stage.Prefix + pair.Key, pair.Value)))
                .ToDictionary(pair => pair.Item1, pair => pair.Value)
        );
}
