using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Staged;

public sealed class VisionEncoderTests
{
    [Theory]
    [InlineData(1, 224, 224)]
    [InlineData(3, 16, 8)]
    [InlineData(1, 9, 14)]
    [InlineData(2, 7, 5)]
    [InlineData(1, 40, 24)]
    [InlineData(1, 32, 9)]
    [InlineData(1, 36, 24)]
    public void Gives_what_its_layers_give_one_after_another(int batch, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var encoder = new VisionEncoder(16);
        encoder.eval();
        var picture = randn(batch, height, width, 3).permute(0, 3, 1, 2);
        var parts = encoder.named_children().ToDictionary(part => part.name, part => part.module);

        var expected = ((Module<Tensor, Tensor>)parts["fc"]).call(
            ((Module<Tensor, Tensor>)parts["conv_layers"]).call(picture)
        );

        Assert.True((expected - encoder.call(picture)).abs().max().item<float>() <= 1e-6f);
    }
}
