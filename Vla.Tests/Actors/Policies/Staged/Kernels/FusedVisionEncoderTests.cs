using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Policies.Staged.Kernels;
using Vla.Tests.Project;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Staged.Kernels;

public sealed class FusedVisionEncoderTests : IDisposable
{
    private const double Tolerance = 1e-6;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose()
    {
        _directory.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(1, 224, 224)]
    [InlineData(1, 96, 96)]
    [InlineData(1, 8, 16)]
    [InlineData(1, 16, 48)]
    [InlineData(2, 16, 16)] // From here on in Torch's layers.
    [InlineData(1, 12, 16)]
    [InlineData(1, 8, 8)]
    [InlineData(1, 9, 5)]
    public void Gives_what_the_encoder_itself_gives(int batch, int height, int width)
    {
        using var guard = inference_mode();
        using var fused = new FusedVisionEncoder(Encoder(), threads: 2);
        var channelsLast = randn(batch, height, width, 3).permute(0, 3, 1, 2);

        AssertClose(fused.Inner.call(channelsLast), fused.call(channelsLast));
        AssertClose(fused.Inner.call(channelsLast), fused.call(channelsLast.contiguous()));
    }

    [Fact]
    public void Follows_pictures_whose_size_changes()
    {
        using var guard = inference_mode();
        using var fused = new FusedVisionEncoder(Encoder(), threads: 2);

        foreach (var size in (long[])[32, 64, 32])
        {
            var picture = randn(1, 3, size, size);
            AssertClose(fused.Inner.call(picture), fused.call(picture));
        }
    }

    [Fact]
    public void Gives_the_same_bits_with_any_number_of_threads()
    {
        using var guard = inference_mode();
        var picture = randn(1, 3, 96, 96);
        using var alone = new FusedVisionEncoder(Encoder(), threads: 1);
        var copy = Encoder();
        copy.load_state_dict(alone.Inner.state_dict());
        using var team = new FusedVisionEncoder(copy, threads: 4);
        var expected = alone.call(picture).data<float>().ToArray();

        for (var i = 0; i < 20; i++)
            Assert.Equal(expected, team.call(picture).data<float>().ToArray());
    }

    [Fact]
    public void A_weight_that_is_not_a_number_shows_in_the_features()
    {
        using var guard = inference_mode();
        var encoder = Encoder();
        encoder.Convolutions[1].weight![5, 3, 1, 1] = float.NaN;
        using var fused = new FusedVisionEncoder(encoder, threads: 2);

        Assert.True(fused.call(randn(1, 3, 32, 32)).isnan().any().ToBoolean());
    }

    [Fact]
    public void A_place_that_is_not_a_number_shows_in_the_features()
    {
        using var guard = inference_mode();
        using var fused = new FusedVisionEncoder(Encoder(), threads: 2);
        var picture = randn(1, 3, 32, 32);
        picture[0, 1, 17, 9] = float.NaN;

        Assert.True(fused.call(picture).isnan().any().ToBoolean());
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    public void Agrees_with_PyTorch_on_processors_with_shorter_vectors(string missing)
    {
        var output = _directory.File("features.safetensors");
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            ["HOME"] = Environment.GetEnvironmentVariable("HOME") ?? _directory.Path,
            ["VLA_HOME"] = Path.GetDirectoryName(Repository.File("Vla.sln"))!,
            [missing] = "0",
        };

        var (exitCode, _, errors) = Commands.Run(
            "dotnet",
            _directory.Path,
            environment,
            Path.Combine(AppContext.BaseDirectory, "vla.dll"),
            "forward",
            "--device",
            "cpu",
            "--input",
            TestData.Path("simplevla/golden.safetensors"),
            "--output",
            output
        );

        Assert.True(exitCode == 0, errors);
        using var golden = Checkpoint.Open(TestData.Path("simplevla/golden.safetensors"));
        using var features = Checkpoint.Open(output);
        Assert.True(
            allclose(golden.ReadTensor("vision_features"), features.ReadTensor("vision_features"), rtol: 0, atol: 1e-5)
        );
    }

    private static VisionEncoder Encoder()
    {
        var encoder = new VisionEncoder(16);
        encoder.eval();
        return encoder;
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True((expected - actual).abs().max().ToDouble() <= Tolerance);
    }
}
