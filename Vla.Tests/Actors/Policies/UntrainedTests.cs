using System.Text.Json.Nodes;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies;

public sealed class UntrainedTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_the_policies_that_come_with_Vla_the_notebooks_is_untrained_and_the_tabletops_is_not()
    {
        Assert.Equal("config.json says so", StagedPolicy.Load(Repository.File("config/policies/notebook")).Untrained);
        Assert.Null(StagedPolicy.Load(Repository.File("config/policies/tabletop")).Untrained);
    }

    [Theory]
    [InlineData("simplevla/model.safetensors")]
    [InlineData("simplevla/state_dict.pt")]
    public void The_notebooks_random_weights_are_recognised_when_they_are_imported(string weights)
    {
        var policy = PolicyImport.Run(
            TestData.Path(weights),
            _folder.File("imported"),
            Repository.File("config/policies/notebook/vocab.txt")
        );

        Assert.Equal(
            "its vision_encoder has the random weights that the notebook's model began with",
            policy.Untrained
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    public void They_are_recognised_in_a_copy_whatever_its_config_says_and_in_16_bits(bool? says)
    {
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16])
            Assert.NotNull(Changed(says, (_, weight) => weight.to(type).to(ScalarType.Float32)).Untrained);
    }

    [Fact]
    public void One_stage_that_was_left_as_it_was_is_enough() =>
        Assert.Equal(
            "its fusion has the random weights that the notebook's model began with",
            Changed(
                null,
                (name, weight) => name.StartsWith("fusion.", StringComparison.Ordinal) ? weight.clone() : weight * 1.1
            ).Untrained
        );

    [Fact]
    public void Weights_that_have_moved_are_nobodys_but_their_trainers() =>
        Assert.Null(Changed(null, (_, weight) => weight * 1.1).Untrained);

    private StagedPolicy Changed(bool? trained, Func<string, Tensor, Tensor> change)
    {
        using var scope = NewDisposeScope();
        var folder = _folder.File($"policy{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        var notebook = Repository.File("config/policies/notebook");
        foreach (var file in (string[])["config.json", "vocab.txt"])
            File.Copy(Path.Combine(notebook, file), Path.Combine(folder, file));
        var path = Path.Combine(folder, "config.json");
        var config = JsonNode
            .Parse(
                File.ReadAllText(path),
                documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip }
            )!
            .AsObject();
        config.Remove("trained");
        if (trained is { } says)
            config["trained"] = says;
        File.WriteAllText(path, config.ToJsonString());
        using var checkpoint = Checkpoint.Open(Path.Combine(notebook, "model.safetensors"));
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            checkpoint.Tensors.Keys.ToDictionary(
                name => name,
                name => change(name, checkpoint.ReadTensor(name)).contiguous()
            )
        );
        return StagedPolicy.Load(folder);
    }
}
