using System.Globalization;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Act;

/// <summary>
/// ACT against what LeRobot's own code computed from the same files; <c>Fixtures/act</c> holds a small checkpoint.
/// </summary>
public sealed class ActCheckpointTests : IDisposable
{
    private const double OfLayers = 1e-4;
    private const double OfNormalisedActions = 5e-5;
    private const double OfActions = 2e-3;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.Path("act/tiny"));

    public void Dispose()
    {
        _scope.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Every_step_is_LeRobots() => AssertEveryStep(_directory.Path);

    [FixtureFact("act/resnet18")]
    public void Every_step_is_LeRobots_at_full_width() => AssertEveryStep(SharedFixtures.Path("act/resnet18"));

    [Fact]
    public void Actions_leave_the_queue_and_the_ensemble_as_LeRobots_do()
    {
        using var policy = ActCheckpoint.Load(_directory.Path, CPU);
        using var golden = Checkpoint.Open(_directory.File("golden.safetensors"));
        var chunks = golden.ReadTensor("all_chunks.normalized");

        AssertSelected(policy, golden, chunks, "select_action.queue", actionSteps: 8, coefficient: null);
        AssertSelected(policy, golden, chunks, "select_action.ensemble", actionSteps: 1, coefficient: 0.01);
    }

    [Fact]
    public void The_older_format_keeps_its_statistics_among_the_weights()
    {
        MakeOlder();
        using var policy = ActCheckpoint.Load(_directory.Path, CPU);
        using var golden = Checkpoint.Open(TestData.Path("act/tiny-legacy/golden.safetensors"));

        var chunk = policy.Unnormalise(policy.Predict(Frames(0, 1)));

        AssertClose("chunk", golden.ReadTensor("chunk"), chunk, OfActions);
    }

    [Fact]
    public void A_batch_gives_what_its_pictures_give_alone()
    {
        using var policy = ActCheckpoint.Load(_directory.Path, CPU);

        var together = policy.Predict(Frames(0, 3));

        for (var i = 0; i < 3; i++)
            AssertClose($"{i}", policy.Predict(Frames(i, 1)), together.narrow(0, i, 1), OfNormalisedActions);
    }

    [Theory]
    [InlineData("config.json", "\"n_obs_steps\": 1", "\"n_obs_steps\": 2", "n_obs_steps is more than 1, allowed is 1")]
    [InlineData(
        "config.json",
        "\"n_action_steps\": 8",
        "\"n_action_steps\": 21",
        "n_action_steps is 21, allowed is 1 to 20"
    )]
    [InlineData(
        "config.json",
        "\"n_heads\": 4",
        "\"n_heads\": 5",
        "n_heads is 5, allowed is a divisor of dim_model, 64"
    )]
    [InlineData("config.json", "\"use_peft\": false", "\"use_peft\": true", "the weights are an adapter alone")]
    [InlineData(
        "config.json",
        "\"temporal_ensemble_coeff\": null",
        "\"temporal_ensemble_coeff\": 0.01",
        "n_action_steps is 8, allowed is 1 together with"
    )]
    [InlineData("config.json", "\"n_encoder_layers\": 2", "\"n_encoder_layers\": 3", "missing: model.encoder.layers.2")]
    [InlineData(
        "policy_preprocessor.json",
        "\"registry_name\": \"to_batch_processor\"",
        "\"class\": \"my.Step\"",
        "code of a policy's own is not run"
    )]
    [InlineData(
        "policy_preprocessor.json",
        "\"to_batch_processor\"",
        "\"my_processor\"",
        "steps[1].registry_name is my_processor"
    )]
    [InlineData(
        "policy_preprocessor.json",
        "policy_preprocessor_step_3_normalizer_processor.safetensors",
        "../elsewhere.safetensors",
        "allowed is a file inside the policy's directory"
    )]
    public void What_cannot_be_used_is_named(string file, string old, string replacement, string message)
    {
        _directory.Edit(file, old, replacement);

        var error = Assert.IsType<Exception>(
            Record.Exception(() => ActCheckpoint.Load(_directory.Path, CPU)),
            exactMatch: false
        );

        Assert.True(error is PolicyException or CheckpointException, $"{error}");
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_checkpoint_without_its_processors_is_not_run_without_scales()
    {
        File.Delete(_directory.File("policy_preprocessor.json"));

        var error = Assert.Throws<PolicyException>(() => ActCheckpoint.Load(_directory.Path, CPU));

        Assert.Contains("policy_preprocessor.json: is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_of_another_size_is_named_with_both()
    {
        using var policy = ActCheckpoint.Load(_directory.Path, CPU);
        var observation = Frames(0, 1);
        observation["observation.images.wrist"] = zeros([1, 96, 64, 3], dtype: uint8);

        var error = Assert.Throws<PolicyException>(() => policy.Predict(observation));

        Assert.Contains(
            "observation.images.wrist is [96, 64, 3], wanted is [96, 128, 3]",
            error.Message,
            StringComparison.Ordinal
        );
    }

    private static void AssertEveryStep(string directory)
    {
        using var policy = ActCheckpoint.Load(directory, CPU);
        using var golden = Checkpoint.Open(Path.Combine(directory, "golden.safetensors"));
        var steps = new Dictionary<string, Tensor>();

        var chunk = policy.Predict(Frames(0, 1), (name, tensor) => steps[name] = AsLeRobotKeepsIt(name, tensor));
        steps["chunk.normalized"] = chunk;
        steps["chunk"] = policy.Unnormalise(chunk);

        foreach (
            var name in golden.Tensors.Keys.Where(name =>
                !name.Contains("select_action") && !name.Contains("all_chunks")
            )
        )
        {
            var tolerance =
                name == "chunk" ? OfActions
                : name.Contains("chunk", StringComparison.Ordinal) ? OfNormalisedActions
                : OfLayers;
            AssertClose(name, golden.ReadTensor(name), steps[name], tolerance);
        }

        var several = policy.Predict(Frames(0, 3));
        AssertClose(
            "all_chunks",
            golden.ReadTensor("all_chunks.normalized").narrow(0, 0, several.shape[0]),
            several,
            OfNormalisedActions
        );
    }

    private static void AssertSelected(
        ActCheckpoint policy,
        Checkpoint golden,
        Tensor chunks,
        string name,
        int actionSteps,
        double? coefficient
    )
    {
        var (size, dimensions) = ((int)chunks.shape[1], (int)chunks.shape[2]);
        var carriedOut = new StepwiseChunks(size, dimensions, actionSteps, coefficient);
        var asked = 0;
        var actions = new List<float>();
        for (var i = 0; i < chunks.shape[0]; i++)
        {
            if (carriedOut.WantsChunk)
                asked++;
            actions.AddRange(carriedOut.Next(chunks[i].contiguous().data<float>().ToArray()));
        }

        var normalised = tensor(actions.ToArray(), [1, chunks.shape[0], dimensions]);
        AssertClose(name, golden.ReadTensor($"{name}.normalized").unsqueeze(0), normalised, OfNormalisedActions);
        AssertClose(name, golden.ReadTensor(name).unsqueeze(0), policy.Unnormalise(normalised), OfActions);
        Assert.Equal(coefficient is null ? 4 : 30, asked);
    }

    // LeRobot's encoder and decoder layers are [tokens, batch, dim].
    private static Tensor AsLeRobotKeepsIt(string name, Tensor tensor) =>
        (
            name.StartsWith("encoder.", StringComparison.Ordinal)
            || name.StartsWith("decoder.layer", StringComparison.Ordinal)
                ? tensor.transpose(0, 1).clone()
                : tensor.clone()
        ).DetachFromDisposeScope();

    [Fact]
    public void Pictures_of_another_type_than_bytes_are_refused()
    {
        using var scope = NewDisposeScope();
        using var policy = ActCheckpoint.Load(_directory.Path, CPU);
        var frames = Frames(0, 1);
        frames["observation.images.front"] = frames["observation.images.front"].to_type(ScalarType.Float32);

        var error = Assert.Throws<PolicyException>(() => policy.Predict(frames));

        Assert.Contains(
            "observation.images.front is Float32, wanted are bytes from 0 to 255 (U8)",
            error.Message,
            StringComparison.Ordinal
        );
    }

    private static Dictionary<string, Tensor> Frames(int first, int count)
    {
        using var inputs = Checkpoint.Open(TestData.Path("act/inputs.safetensors"));
        return inputs.Tensors.Keys.ToDictionary(name => name, name => inputs.ReadTensor(name).narrow(0, first, count));
    }

    private static void AssertClose(string name, Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        var off = (expected - actual).abs().max().ToDouble();
        Assert.True(off <= tolerance, string.Create(CultureInfo.InvariantCulture, $"{name} is off by {off}"));
    }

    private void MakeOlder()
    {
        var weights = new Dictionary<string, Tensor>();
        using (var present = Checkpoint.Open(_directory.File(StagedPolicy.WeightsFile)))
        {
            foreach (var name in present.Tensors.Keys)
                weights.Add(name, present.ReadTensor(name));
        }

        using (
            var statistics = Checkpoint.Open(
                _directory.File("policy_preprocessor_step_3_normalizer_processor.safetensors")
            )
        )
        {
            foreach (
                var feature in (string[])
                    ["observation.state", "observation.images.front", "observation.images.wrist", "action"]
            )
            {
                foreach (var statistic in (string[])["mean", "std"])
                {
                    var prefix = feature == "action" ? "unnormalize_outputs" : "normalize_inputs";
                    weights.Add(
                        $"{prefix}.buffer_{feature.Replace('.', '_')}.{statistic}",
                        statistics.ReadTensor($"{feature}.{statistic}")
                    );
                }
            }
        }

        SafetensorsWriter.Write(_directory.File(StagedPolicy.WeightsFile), weights);
        File.Copy(
            TestData.Path("act/tiny-legacy/config.json"),
            _directory.File(StagedPolicy.ConfigFile),
            overwrite: true
        );
        foreach (var file in Directory.EnumerateFiles(_directory.Path, "policy_*"))
            File.Delete(file);
    }
}
