using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;

namespace Vla.Tests.Actors.Policies.Staged;

/// <summary>Sizes in config.json are compared with the weights before anything is allocated for them.</summary>
public sealed class PolicySizesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.NotebookPolicy);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(
        "{ \"type\": \"vit\", \"image_size\": 224, \"patch_size\": 16, \"dim\": 65536, \"layers\": 128, \"heads\": "
            + "16 }",
        "ask for at least 6,"
    )]
    [InlineData(
        "{ \"type\": \"resnet18\", \"width\": 1024 }",
        "ask for at least 2,621,440,000 parameters, model.safetensors has 109,760 for them"
    )]
    [InlineData(
        "{ \"type\": \"vit\", \"image_size\": 4096, \"patch_size\": 1, \"dim\": 8, \"layers\": 1, \"heads\": 1 }",
        "at most 128 patches to a side"
    )]
    [InlineData("{ \"type\": \"spatial\", \"dim\": 1000000000 }", "dim is 1000000000, allowed is 1 to 65536")]
    public void A_stage_that_is_far_too_large_for_its_weights_is_refused_at_once(string vision, string message)
    {
        _directory.Edit(StagedPolicy.ConfigFile, "{ \"type\": \"simple_vision\", \"feature_dim\": 128 }", vision);

        AssertRefused(message);
    }

    [Fact]
    public void A_picture_that_is_too_large_is_refused()
    {
        _directory
            .Edit(StagedPolicy.ConfigFile, "\"height\": 224", "\"height\": 4096")
            .Edit(StagedPolicy.ConfigFile, "\"width\": 224", "\"width\": 4096");

        AssertRefused("at most 4,194,304 pixels");
    }

    private void AssertRefused(string message)
    {
        var error = Assert.Throws<PolicyException>(() => StagedPolicy.Load(_directory.Path));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
