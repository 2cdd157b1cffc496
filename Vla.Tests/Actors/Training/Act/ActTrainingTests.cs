using System.Globalization;
using System.Text.Json;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Training;
using Vla.Actors.Training.Act;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Training.Act;

/// <summary>
/// Trains an ACT so small that a step takes milliseconds: the first action says how red the front picture is, the
/// second is what the state says.
/// </summary>
[Collection(RandomNumbers.Name)]
public sealed class ActTrainingTests : IDisposable
{
    private const int Chunk = 4;
    private const int Width = 4;

    private const string Sizes = """
        { "chunk_size": 4, "n_action_steps": 2, "dim_model": 16, "n_heads": 2, "dim_feedforward": 16,
          "n_encoder_layers": 1, "n_vae_encoder_layers": 1, "latent_dim": 4, "dropout": 0 }
        """;

    private static readonly DataColumns Columns = new(
        [new DataColumn("jaw", "m")],
        [new DataColumn("red"), new DataColumn("jaw", "m")],
        StepMs: 50
    )
    {
        Cameras = ["front", "wrist"],
    };

    private static readonly TrainingOptions Options = new()
    {
        Steps = 60,
        BatchSize = 8,
        Seed = 3,
        LearningRate = 3e-3,
        WarmUpSteps = 5,
        AverageDecay = 0.8,
    };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryDirectory _directory = new();

    private string Output => _directory.File("act");

    public void Dispose()
    {
        _scope.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void It_learns_what_pictures_and_state_say_and_is_a_policy_at_any_time()
    {
        using var session = Begin();
        var before = session.Train().Action;
        while (session.StepsDone < session.Steps)
            session.Train();
        session.Save();

        Assert.True(session.Validate().Action < before / 2, $"{session.Validate().Action} after {before}");
        var policy = Assert.IsType<ActPolicy>(PolicyFamilies.Load(Output));
        Assert.Equal(["front", "wrist"], policy.Pictures);
        Assert.Equal((16, 8), (policy.ImageOf("front").Height, policy.ImageOf("wrist").Height));
        Assert.Equal(["red", "jaw"], policy.Action.Names);
        Assert.Equal(["1", "m"], policy.Action.Units);
        Assert.Equal(["jaw"], policy.State.Names);
        Assert.Equal((Chunk, 2, 50.0), (policy.Action.Horizon, policy.Action.Execution.Execute, policy.Action.StepMs));
    }

    [Fact]
    public void What_is_run_gives_what_was_trained()
    {
        using (var session = Begin())
        {
            for (var i = 0; i < 60; i++)
                session.Train();
            session.Save();
        }

        using var checkpoint = ActCheckpoint.Load(Output, CPU);
        var (red, dark) = (Act(checkpoint, 255), Act(checkpoint, 0));

        Assert.True(red[0] > dark[0] + 0.5f, $"{red[0]} and {dark[0]}");
    }

    [Fact]
    public void A_resumed_training_is_the_one_that_was_not_interrupted()
    {
        var whole = _directory.File("whole");
        using (var session = Begin(whole))
        {
            for (var i = 0; i < 12; i++)
                session.Train();
            session.Save();
        }

        using (var session = Begin())
        {
            for (var i = 0; i < 7; i++)
                session.Train();
            session.Save();
        }

        using (var session = ActTrainingSession.Resume(Output, ActDraft.Begun(Output, Columns), Data(), 1, CPU))
        {
            Assert.Equal(7, session.StepsDone);
            for (var i = 0; i < 5; i++)
                session.Train();
            session.Save();
        }

        Assert.Equal(
            File.ReadAllBytes(Path.Combine(whole, PolicyKind.WeightsFile)),
            File.ReadAllBytes(Path.Combine(Output, PolicyKind.WeightsFile))
        );
    }

    [Fact]
    public void A_training_that_was_ended_before_its_first_step_goes_on_with_the_same_weights()
    {
        using (Begin()) { }

        using var session = ActTrainingSession.Resume(Output, ActDraft.Begun(Output, Columns), Data(), 1, CPU);
        using var other = Begin(_directory.File("other"));

        Assert.Equal(other.Train().Total, session.Train().Total);
    }

    [Fact]
    public void Other_data_are_not_gone_on_with()
    {
        using (Begin()) { }

        var error = Assert.Throws<PolicyException>(() =>
            ActTrainingSession.Resume(Output, ActDraft.Begun(Output, Columns), Data(episodes: 9), 1, CPU)
        );

        Assert.Contains("was trained on other data", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// A draft with the golden checkpoint's sizes has the golden checkpoint's files, field for field.
    /// </summary>
    [Fact]
    public void What_is_written_has_the_fields_and_tensors_that_LeRobot_writes()
    {
        var tiny = TestData.Path("act/tiny");
        var columns = new DataColumns(Numbered("s", 6), Numbered("a", 6), StepMs: 20) { Cameras = ["front", "wrist"] };
        var draft = ActDraft.Of(Path.Combine(tiny, PolicyKind.ConfigFile), columns, _ => (128, 96));
        var set = new TrainingSet(new TrainingShape(96, 128, 6, 6, 20, 1) { Cameras = 2 });
        set.AddPicture(0, new byte[set.Shape.PictureBytes], new float[6]);
        set.AddLesson(
            new TrainingLesson
            {
                Instruction = "",
                Chunk = new float[120],
                Valid = 20,
            }
        );

        using (
            var session = ActTrainingSession.Begin(
                Output,
                draft,
                set,
                Options,
                Path.Combine(tiny, PolicyKind.WeightsFile),
                1,
                CPU
            )
        )
            session.Save();

        foreach (var file in (string[])["config.json", "policy_preprocessor.json", "policy_postprocessor.json"])
            Assert.Equal(Fields(Path.Combine(tiny, file)), Fields(Path.Combine(Output, file)));
        Assert.Equal(
            Shapes(Path.Combine(tiny, PolicyKind.WeightsFile)),
            Shapes(Path.Combine(Output, PolicyKind.WeightsFile))
        );
        var golden = Shapes(Path.Combine(tiny, "policy_preprocessor_step_3_normalizer_processor.safetensors"));
        Assert.Empty(
            Shapes(Path.Combine(Output, "policy_preprocessor_step_3_normalizer_processor.safetensors")).Except(golden)
        );
    }

    [Fact]
    public void Golden_weights_have_their_place_in_a_model_that_is_trained()
    {
        var config = ActConfig.Read(TestData.Path("act/tiny/config.json"));
        using var weights = Checkpoint.Open(TestData.Path("act/tiny/model.safetensors"));
        var backbone = ActBackbone.For(weights, ActCheckpoint.BackbonePrefix);
        using var model = new ActModel(config, backbone.Channels, backbone, toTrain: true);
        var fresh = model.state_dict()["vae_encoder_pos_enc"].clone();

        StateDict.Load(model, weights, ActCheckpoint.Prefix);

        Assert.True(allclose(weights.ReadTensor("model.vae_encoder_pos_enc"), fresh, rtol: 0, atol: 1e-6));
    }

    [Fact]
    public void Actions_after_the_end_say_nothing_of_the_latent()
    {
        var config = ActConfig.Read(TestData.Path("act/tiny/config.json"));
        using var weights = Checkpoint.Open(TestData.Path("act/tiny/model.safetensors"));
        var backbone = ActBackbone.For(weights, ActCheckpoint.BackbonePrefix);
        using var model = new ActModel(config, backbone.Channels, backbone, toTrain: true);
        StateDict.Load(model, weights, ActCheckpoint.Prefix);
        model.eval();
        var (pictures, state) = ((Tensor[])[zeros(1, 3, 96, 128), zeros(1, 3, 96, 128)], zeros(1, 6));
        var actions = rand(1, 20, 6);
        var others = actions.clone();
        others.narrow(1, 5, 15).fill_(9);
        var counts = cat([ones(1, 5), zeros(1, 15)], 1);

        var (_, mean, variance) = model.Learn(pictures, state, null, actions, counts);
        var (_, otherMean, otherVariance) = model.Learn(pictures, state, null, others, counts);
        var (_, wholeMean, _) = model.Learn(pictures, state, null, others, ones(1, 20));

        Assert.Equal([1, 32], mean!.shape);
        Assert.True(allclose(mean, otherMean!, rtol: 0, atol: 1e-6));
        Assert.True(allclose(variance!, otherVariance!, rtol: 0, atol: 1e-6));
        Assert.False(allclose(mean, wholeMean!, rtol: 0, atol: 1e-3));
    }

    [Fact]
    public void A_new_backbones_norms_are_those_of_the_data()
    {
        var backbone = new ActBackbone(Width);

        backbone.Calibrate(rand(6, 3, 32, 32) * 7 + 100);

        var mean = backbone.state_dict()["bn1.running_mean"];
        Assert.True(mean.abs().max().ToSingle() > 1);
        Assert.True(backbone.call(rand(1, 3, 32, 32) * 7 + 100).abs().max().ToSingle() < 100);
    }

    [Theory]
    [InlineData("""{ "stages": {} }""", "is of a policy of Vla's own (stages)")]
    [InlineData("""{ "n_heads": 3, "dim_model": 16 }""", "n_heads is 3, allowed is a divisor of dim_model, 16")]
    [InlineData("""{ "chunk_size": 0 }""", "chunk_size is 0, allowed is 1 to 10000")]
    [InlineData("""{ "chunk_size": 4, "chunk_size": 8 }""", "is not valid JSON (Duplicate property")]
    [InlineData("[]", "is not an object")]
    [InlineData("{", "is not valid JSON")]
    public void A_wrong_file_of_sizes_is_named_and_nothing_is_left_behind(string text, string message)
    {
        var file = _directory.File("sizes.json");
        File.WriteAllText(file, text);

        var error = Record.Exception(() =>
        {
            var draft = ActDraft.Of(file, Columns, Size);
            using var session = ActTrainingSession.Begin(
                Output,
                draft,
                Data(draft.Template.Horizon),
                Options,
                null,
                1,
                CPU,
                Width
            );
        });

        Assert.Contains(message, Assert.IsType<PolicyException>(error).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Output) && Directory.EnumerateFileSystemEntries(Output).Any());
    }

    private ActTrainingSession Begin(string? output = null) =>
        ActTrainingSession.Begin(output ?? Output, Draft(), Data(), Options, null, 1, CPU, Width);

    private ActDraft Draft()
    {
        var file = _directory.File("sizes.json");
        File.WriteAllText(file, Sizes);
        return ActDraft.Of(file, Columns, Size);
    }

    private static (int Width, int Height) Size(string camera) => camera == "front" ? (24, 16) : (8, 8);

    private static TrainingSet Data(int chunk = Chunk, int episodes = 24)
    {
        var set = new TrainingSet(
            new TrainingShape(16, 24, 1, 2, chunk, 1) { Cameras = 2, Sizes = [(16, 24), (8, 8)] }
        );
        for (var episode = 0; episode < episodes; episode++)
        {
            var (isRed, jaw) = (episode % 2 == 0, episode % 3 * 0.5f);
            set.AddPicture(episode, Picture(isRed ? (byte)255 : (byte)0), [jaw]);
            float[] actions = [.. Enumerable.Range(0, chunk).SelectMany(_ => new[] { isRed ? 1f : -1f, jaw })];
            set.AddLesson(
                new TrainingLesson
                {
                    Instruction = "",
                    Chunk = actions,
                    Valid = Math.Max(1, chunk - 1),
                }
            );
        }

        return set;
    }

    // The front picture's red is what counts; the wrist's is grey.
    private static byte[] Picture(byte red)
    {
        var bytes = new byte[(16 * 24 + 8 * 8) * 3];
        Array.Fill(bytes, (byte)100);
        for (var i = 0; i < 16 * 24 * 3; i += 3)
            bytes[i] = red;
        return bytes;
    }

    private static float[] Act(ActCheckpoint checkpoint, byte red)
    {
        var bytes = Picture(red);
        var chunk = checkpoint.Predict(
            new Dictionary<string, Tensor>
            {
                ["observation.images.front"] = tensor(bytes[..(16 * 24 * 3)], [1, 16, 24, 3]),
                ["observation.images.wrist"] = tensor(bytes[(16 * 24 * 3)..], [1, 8, 8, 3]),
                ["observation.state"] = zeros(1, 1),
            }
        );
        return ChunkValues.Of(checkpoint.Unnormalise(chunk));
    }

    private static DataColumn[] Numbered(string name, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new DataColumn($"{name}{i}"))];

    private static IEnumerable<string> Shapes(string file)
    {
        using var checkpoint = Checkpoint.Open(file);
        return
        [
            .. checkpoint
                .Tensors.Values.Select(one => $"{one.Name} {one.Type} {one.ShapeText}")
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Every key with its value's kind, in order; values that are free are left out.</summary>
    private static List<string> Fields(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var fields = new List<string>();
        Walk("", json.RootElement);
        return fields;

        void Walk(string path, JsonElement element)
        {
            var kind = element.ValueKind switch
            {
                JsonValueKind.Object => "{}",
                JsonValueKind.Array => "[]",
                // Which weights a backbone began with is told by text or nothing.
                _ when path.EndsWith("pretrained_backbone_weights", StringComparison.Ordinal) => "text or null",
                JsonValueKind.Number => element.GetDouble().ToString(CultureInfo.InvariantCulture),
                _ => element.GetRawText(),
            };
            fields.Add($"{path}: {kind}");
            if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in element.EnumerateObject())
                    Walk($"{path}.{property.Name}", property.Value);
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var (i, item) in element.EnumerateArray().Index())
                    Walk($"{path}[{i}]", item);
            }
        }
    }
}
