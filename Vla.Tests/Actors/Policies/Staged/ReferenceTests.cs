using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Policies.Staged.Language;
using Vla.Actors.Policies.Staged.Vision;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Staged;

/// <summary>
/// Published architectures against reference implementations with the same weights; see <c>Fixtures/stages/make.py</c>.
/// </summary>
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
    public void ResNet18_at_full_width_gives_a_batch_what_it_gives_each_picture()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var encoder = new ResNet18();
        encoder.eval();
        var pictures = rand(3, 96, 128, 3).permute(0, 3, 1, 2);

        var together = encoder.Features(pictures);

        for (var i = 0; i < 3; i++)
            AssertSame(encoder.Features(pictures.narrow(0, i, 1)), together.narrow(0, i, 1), 1e-3);
    }

    [Theory]
    [InlineData(256, 512, 1, 6, 8, 2)]
    [InlineData(256, 512, 2, 24, 32, 1)]
    [InlineData(1_024, 2_048, 2, 14, 14, 1)]
    [InlineData(3, 8, 3, 7, 7, 5)]
    public void A_convolution_of_single_cells_gives_what_it_means(
        long inputs,
        long outputs,
        long stride,
        long rows,
        long columns,
        long batch
    )
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var layer = new PointwiseConvolution(inputs, outputs, stride);
        var x = rand(batch, rows, columns, inputs).permute(0, 3, 1, 2);
        var (weight, bias) = (
            layer.state_dict()["weight"].to_type(ScalarType.Float64),
            layer.state_dict()["bias"].to_type(ScalarType.Float64)
        );

        var meant =
            einsum(
                "bihw,oi->bohw",
                x.slice(2, 0, rows, stride).slice(3, 0, columns, stride).to_type(ScalarType.Float64),
                weight.flatten(1)
            ) + bias.view(1, -1, 1, 1);

        AssertSame(meant.to_type(ScalarType.Float32), layer.call(x), 1e-4);
    }

    [Fact]
    public void ViT_agrees_with_its_paper() =>
        AssertAgrees("vit", "image", pooled => new VisionTransformer(32, 8, 24, 2, 3, pooled));

    [Fact]
    public void Bert_agrees_with_its_paper() =>
        AssertAgrees("bert", "text", pooled => new Bert(20, 12, 24, 2, 3, 48, pooled: pooled));

    [Fact]
    public void Gpt2_agrees_with_its_paper() =>
        AssertAgrees("gpt2", "text", pooled => new Gpt2(20, 12, 24, 2, 3, pooled: pooled));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padding_on_either_side_changes_nothing_for_Bert(bool pooled) =>
        AssertPaddingChangesNothing(new Bert(20, 12, 24, 2, 3, 48, pooled: pooled), pooled);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padding_on_either_side_changes_nothing_for_Gpt2(bool pooled) =>
        AssertPaddingChangesNothing(new Gpt2(20, 12, 24, 2, 3, pooled: pooled), pooled);

    [Fact]
    public void A_checkpoint_that_lacks_what_counts_is_still_refused()
    {
        using var golden = Open("vit");
        using var deeper = new VisionTransformer(32, 8, 24, 3, 3);

        var error = Assert.Throws<CheckpointException>(() => StateDict.Load(deeper, golden, "weights."));

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
        if (!pooled)
            Assert.Equal(0, right.narrow(1, words.Length, padding.Length).abs().max().ToDouble());
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

    private static void AssertSame(Tensor expected, Tensor actual, double tolerance = 1e-5) =>
        Assert.True(
            (expected - actual).abs().max().ToDouble() <= tolerance,
            $"off by {(expected - actual).abs().max().ToDouble()}"
        );
}
