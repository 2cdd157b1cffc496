using TorchSharp;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Policies.Staged.Decoding;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Actors.Policies.Staged.Language;
using Vla.Actors.Policies.Staged.Vision;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Staged;

/// <summary>What every stage has to keep: shapes, memory, gradients.</summary>
public sealed class StageModulesTests
{
    private const long Dim = 24;
    private const long StateDim = 5;

    public static TheoryData<string> Visions =>
        ["simple", "spatial", "resnet18", "resnet18 pooled", "vit", "vit pooled"];

    public static TheoryData<string> Fusions =>
        ["film", "film pooled", "cross_attention", "cross_attention pooled", "slot_attention"];

    [Theory]
    [MemberData(nameof(Fusions))]
    public void A_whole_policy_gives_a_chunk_for_each_picture(string fusion)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var model = Model(fusion);
        model.eval();

        var action = model.Features(randn(3, 3, 32, 32), Text(3), randn(3, StateDim)).Action;

        Assert.Equal([3, 10, 7], action.shape);
        Assert.True(action.isfinite().all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Fusions))]
    public void Padding_of_the_words_changes_no_action(string fusion)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var model = Model(fusion);
        model.eval();
        var image = randn(1, 3, 32, 32);

        var alone = model.call(image, tensor(new long[] { 5, 9, 2 }).unsqueeze(0));
        var padded = model.call(image, tensor(new long[] { 5, 9, 2, 0, 0, 0, 0 }).unsqueeze(0));

        AssertClose(alone, padded);
    }

    [Theory]
    [MemberData(nameof(Fusions))]
    public void Words_and_state_both_count(string fusion)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var model = Model(fusion);
        model.eval();
        var image = randn(1, 3, 32, 32);

        var usual = model.Features(image, Text(1), zeros(1, StateDim)).Action;

        AssertClose(usual, model.call(image, Text(1)));
        AssertDiffers(usual, model.Features(image, Text(1), ones(1, StateDim)).Action);
        AssertDiffers(usual, model.call(image, Text(1) + 1));
        AssertDiffers(usual, model.call(-image, Text(1)));
    }

    [Theory]
    [MemberData(nameof(Fusions))]
    public void Inference_leaves_nothing_but_its_result(string fusion)
    {
        using var model = Model(fusion);
        model.eval();
        using var guard = inference_mode();
        using var image = randn(1, 3, 32, 32);
        using var text = Text(1);
        Run();
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 5; i++)
            Run();

        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        // No scope around it: what the stages make for themselves, they dispose themselves.
        void Run()
        {
            var (vision, language, fused, action) = model.Features(image, text);
            vision.Dispose();
            language.Dispose();
            fused.Dispose();
            action.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(Fusions))]
    public void Every_parameter_learns(string fusion)
    {
        using var scope = NewDisposeScope();
        using var model = Model(fusion);
        model.train();

        // Inference before training must leave nothing that has no place in a gradient.
        using (inference_mode())
            model.call(randn(2, 3, 32, 32), Text(2));
        model.Features(randn(2, 3, 32, 32), Text(2), randn(2, StateDim)).Action.square().sum().backward();

        Assert.Empty(model.named_parameters().Where(entry => !Learns(entry.parameter)).Select(entry => entry.name));

        static bool Learns(Tensor parameter) =>
            parameter.requires_grad && parameter.grad is { } grad && grad.isfinite().all().item<bool>();
    }

    [Theory]
    [MemberData(nameof(Visions))]
    public void Vision_encoders_learn(string vision)
    {
        using var scope = NewDisposeScope();
        using var encoder = Vision(vision);
        encoder.train();
        var features = encoder.call(randn(2, 3, 32, 32));
        features.square().sum().backward();

        Assert.Equal(2, features.shape[0]);
        Assert.Equal(vision.Contains("pooled", StringComparison.Ordinal) || vision == "simple" ? 2 : 3, features.dim());
        Assert.All(encoder.parameters(), parameter => Assert.NotNull(parameter.grad));
    }

    [Fact]
    public void Training_moves_batch_statistics_and_evaluation_does_not()
    {
        using var scope = NewDisposeScope();
        using var encoder = new SpatialEncoder(Dim);
        Tensor Mean() => encoder.get_buffer("stem.1.running_mean")!.clone();
        encoder.eval();
        var start = Mean();

        encoder.call(randn(2, 3, 32, 32));
        var evaluated = Mean();
        encoder.train();
        encoder.call(randn(2, 3, 32, 32));

        AssertClose(start, evaluated);
        AssertDiffers(start, Mean());
    }

    [Fact]
    public void The_spatial_encoder_gives_a_token_for_each_cell_of_eight_pixels()
    {
        using var scope = NewDisposeScope();
        using var encoder = new SpatialEncoder();
        encoder.eval();

        Assert.Equal([1, 144, 96], encoder.call(zeros(1, 3, 96, 96)).shape);
        Assert.Equal([1, 12 * 16, 96], encoder.call(zeros(1, 3, 96, 128)).shape);
    }

    [Fact]
    public void Slots_tell_where_they_look()
    {
        using var scope = NewDisposeScope();
        using var fusion = new SlotAttentionFusion(Dim, Dim, StateDim, 4, 4, Dim, heads: 3);
        fusion.eval();
        var (vision, language, state) = (randn(2, 16, Dim), randn(2, 3, Dim), randn(2, StateDim));

        var (fused, scores) = fusion.Ground(vision, language, state);

        Assert.Equal([2, 6 + 4 + 1, Dim], fused.shape);
        Assert.Equal([2, 6, 16], scores.shape);
        AssertClose(fused, fusion.forward(vision, language, state));
    }

    [Fact]
    public void One_picture_may_serve_several_instructions()
    {
        using var scope = NewDisposeScope();
        using var fusion = new SlotAttentionFusion(Dim, Dim, StateDim, 4, 4, Dim, heads: 3);
        fusion.eval();
        var (vision, language, state) = (randn(2, 16, Dim), randn(6, 3, Dim), randn(6, StateDim));

        var shared = fusion.Ground(vision, language, state);
        var repeated = fusion.Ground(vision.repeat_interleave(3, 0), language, state);

        AssertClose(repeated.Fused, shared.Fused);
        AssertClose(repeated.Scores, shared.Scores);
    }

    [Fact]
    public void A_token_says_where_its_cell_is()
    {
        using var scope = NewDisposeScope();
        using var encoder = new SpatialEncoder(Dim);

        // A blank picture: only the position tells one inner cell from another.
        var tokens = encoder.call(zeros(1, 3, 64, 64)).reshape(8, 8, Dim);

        AssertDiffers(tokens[3, 3], tokens[3, 4]);
        AssertDiffers(tokens[3, 3], tokens[4, 3]);
    }

    [Fact]
    public void The_default_sizes_keep_a_policy_far_below_ten_megabytes()
    {
        using var spatial = new SpatialEncoder();
        using var slots = new SlotAttentionFusion(96, 96, StateDim, 12, 12);
        using var act = new ActDecoder(96);

        var count = new Module[] { spatial, slots, act }.Sum(module =>
            module.parameters().Sum(parameter => parameter.numel())
        );

        Assert.InRange(count, 900_000, 1_100_000);
    }

    [Fact]
    public void Features_of_no_known_kind_are_named()
    {
        using var scope = NewDisposeScope();

        var error = Assert.Throws<ArgumentException>(() => Tokens.From(zeros(1, 2, 3, 4), "vision features"));

        Assert.Contains("vision features have 4 dimensions", error.Message, StringComparison.Ordinal);
    }

    private static SimpleVLA Model(string fusion)
    {
        random.manual_seed(1);
        return new SimpleVLA(
            new SpatialEncoder(Dim),
            new Bert(20, 12, Dim, 2, 3, 48),
            Fusion(fusion),
            new ActDecoder(Dim, dim: Dim, heads: 3)
        );
    }

    private static StateFusion Fusion(string name) =>
        name.Split(' ')[0] switch
        {
            "film" => new FilmFusion(
                Dim,
                Dim,
                StateDim,
                Dim,
                pooled: name.EndsWith("pooled", StringComparison.Ordinal)
            ),
            "cross_attention" => new CrossAttentionFusion(
                Dim,
                Dim,
                StateDim,
                Dim,
                3,
                pooled: name.EndsWith("pooled", StringComparison.Ordinal)
            ),
            _ => new SlotAttentionFusion(Dim, Dim, StateDim, 4, 4, Dim, heads: 3),
        };

    private static Module<Tensor, Tensor> Vision(string name) =>
        name switch
        {
            "simple" => new VisionEncoder(),
            "spatial" => new SpatialEncoder(Dim),
            "resnet18" => new ResNet18(4),
            "resnet18 pooled" => new ResNet18(4, pooled: true),
            "vit" => new VisionTransformer(32, 8, Dim, 2, 3, dropout: 0.1),
            _ => new VisionTransformer(32, 8, Dim, 2, 3, pooled: true),
        };

    private static Tensor Text(long batch) => tensor(new long[] { 5, 9, 2, 0 }).unsqueeze(0).repeat(batch, 1);

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        var difference = (expected - actual).abs().max().ToDouble();
        Assert.True(difference <= 1e-5, $"off by {difference}");
    }

    private static void AssertDiffers(Tensor one, Tensor other) =>
        Assert.True((one - other).abs().max().ToDouble() > 1e-5);
}
