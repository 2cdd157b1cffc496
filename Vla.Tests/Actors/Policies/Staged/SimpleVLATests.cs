using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Staged;

/// <summary>The modules against what stock PyTorch computed for the notebook's model.</summary>
public sealed class SimpleVLATests : IDisposable
{
    private const double Tolerance = 1e-5;

    private readonly Checkpoint _golden = Checkpoint.Open(TestData.Path("simplevla/golden.safetensors"));

    public void Dispose() => _golden.Dispose();

    [Theory]
    [InlineData("simplevla/model.safetensors")]
    [InlineData("simplevla/state_dict.pt")]
    public void Every_stage_agrees_with_PyTorch(string weights)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var model = new SimpleVLA();
        using var checkpoint = Checkpoint.Open(TestData.Path(weights));
        StateDict.Load(model, checkpoint);
        model.eval();

        var (vision, language, fused, action) = model.Features(_golden.ReadTensor("image"), _golden.ReadTensor("text"));

        AssertClose("vision_features", vision);
        AssertClose("language_features", language);
        AssertClose("fused_features", fused);
        AssertClose("action", action);
    }

    [Fact]
    public void A_picture_in_channels_last_memory_gives_the_same_features()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var encoder = new VisionEncoder();
        using var checkpoint = Checkpoint.Open(TestData.Path("simplevla/model.safetensors"));
        StateDict.Load(encoder, checkpoint, "vision_encoder.");
        encoder.eval();
        var channelsLast = _golden.ReadTensor("image").permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

        AssertClose("vision_features", encoder.call(channelsLast));
    }

    [Fact]
    public void The_model_has_as_many_parameters_as_the_notebook_says()
    {
        using var model = new SimpleVLA();

        Assert.Equal(658_759, model.parameters().Sum(parameter => parameter.numel()));
    }

    [Fact]
    public void Loaded_weights_stay_channels_last()
    {
        using var scope = NewDisposeScope();
        using var model = new SimpleVLA();
        using var checkpoint = Checkpoint.Open(TestData.Path("simplevla/model.safetensors"));

        StateDict.Load(model, checkpoint);

        var weight = model.get_parameter("vision_encoder.conv_layers.3.weight")!;
        Assert.Equal([64, 32, 3, 3], weight.shape);
        Assert.Equal([32 * 9, 1, 32 * 3, 32], weight.stride());
    }

    private void AssertClose(string name, Tensor actual)
    {
        var expected = _golden.ReadTensor(name);
        Assert.Equal(expected.shape, actual.shape);
        var difference = (expected - actual).abs().max().ToDouble();
        Assert.True(difference <= Tolerance, $"{name} is off by {difference}");
    }
}
