using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Language;
using Vla.Actors.Policies.Vision;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Stages;

/// <summary>Published architectures against reference implementations with the same weights; see <c>Fixtures/stages/make.py</c>.</summary>
public sealed class ReferenceTests
{
    private const double Tolerance = 1e-4;

    [Fact]
    public void ResNet18_agrees_with_torchvisions()
    {
        using var golden = Open("resnet18");
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var tokens = Loaded(new ResNet18(width: 4), golden);
        using var pooled = Loaded(new ResNet18(width: 4, pooled: true), golden);
        var image = golden.ReadTensor("golden.image");

        AssertClose(golden, "features", tokens.Features(image));
        AssertClose(golden, "pooled", pooled.call(image));
        Assert.Equal([2, 2 * 2, 32], tokens.call(image).shape);
    }

    [Fact]
    public void ResNet18_has_torchvisions_size()
    {
        using var encoder = new ResNet18();

        // 11,689,512 as published, less the classifier's 512 × 1,000 + 1,000.
        Assert.Equal(11_176_512, encoder.parameters().Sum(parameter => parameter.numel()));
    }

    [Fact]
    public void ViT_agrees_with_its_paper()
        => AssertAgrees("vit", "image", pooled => new VisionTransformer(32, 8, 24, 2, 3, pooled));

    [Fact]
    public void Bert_agrees_with_its_paper()
        => AssertAgrees("bert", "text", pooled => new Bert(20, 12, 24, 2, 3, 48, pooled: pooled));

    [Fact]
    public void Gpt2_agrees_with_its_paper()
        => AssertAgrees("gpt2", "text", pooled => new Gpt2(20, 12, 24, 2, 3, pooled: pooled));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padding_on_either_side_changes_nothing_for_Bert(bool pooled)
        => AssertPaddingChangesNothing(new Bert(20, 12, 24, 2, 3, 48, pooled: pooled), pooled);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padding_on_either_side_changes_nothing_for_Gpt2(bool pooled)
        => AssertPaddingChangesNothing(new Gpt2(20, 12, 24, 2, 3, pooled: pooled), pooled);

    [Fact]
    public void A_checkpoint_that_lacks_what_counts_is_still_refused()
    {
        using var golden = Open("vit");
        using var deeper = new VisionTransformer(32, 8, 24, 3, 3);

        var error = Assert.Throws<PolicyException>(() => StateDict.Load(deeper, golden, "weights."));

        Assert.Contains("missing: weights.blocks.2", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected", error.Message, StringComparison.Ordinal);
    }

    private static void AssertAgrees(string name, string input, Func<bool, Module<Tensor, Tensor>> create)
    {
        using var golden = Open(name);
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        foreach (var pooled in (bool[])[false, true])
        {
            using var module = Loaded(create(pooled), golden);
            AssertClose(golden, pooled ? "pooled" : "tokens", module.call(golden.ReadTensor($"golden.{input}")));
        }
    }

    private static void AssertPaddingChangesNothing(Module<Tensor, Tensor> encoder, bool pooled)
    {
        using var owned = encoder;
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var golden = Open(encoder is Bert ? "bert" : "gpt2");
        Loaded(encoder, golden);
        long[] words = [5, 9, 2, 17];
        long[] padding = [0, 0, 0];

        var alone = encoder.call(tensor(words).unsqueeze(0));
        var right = encoder.call(tensor([.. words, .. padding]).unsqueeze(0));
        var left = encoder.call(tensor([.. padding, .. words]).unsqueeze(0));

        AssertSame(alone, pooled ? right : right.narrow(1, 0, words.Length));
        AssertSame(alone, pooled ? left : left.narrow(1, padding.Length, words.Length));
        if (!pooled) Assert.Equal(0, right.narrow(1, words.Length, padding.Length).abs().max().ToDouble());
    }

    private static Checkpoint Open(string name) => Checkpoint.Open(TestData.Path($"stages/{name}.safetensors"));

    private static TModule Loaded<TModule>(TModule module, Checkpoint golden)
        where TModule : Module
    {
        StateDict.Load(module, golden, "weights.");
        module.eval();
        return module;
    }

    private static void AssertClose(Checkpoint golden, string name, Tensor actual)
    {
        var expected = golden.ReadTensor($"golden.{name}");
        Assert.Equal(expected.shape, actual.shape);
        var difference = (expected - actual).abs().max().ToDouble();
        Assert.True(difference <= Tolerance, $"{name} is off by {difference}");
    }

    private static void AssertSame(Tensor expected, Tensor actual)
        => Assert.True((expected - actual).abs().max().ToDouble() <= 1e-5, $"off by {(expected - actual).abs().max().ToDouble()}");
}
