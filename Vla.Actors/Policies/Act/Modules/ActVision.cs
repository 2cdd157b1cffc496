using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Sensors.Images;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>The part of an ACT model that works on pictures, and on nothing else: its vision backbone.</summary>
internal sealed class ActVision : Module<Tensor, Tensor>, ILooks
{
    /// <summary>
    /// Times that it works before its first picture: the first allocates and compiles, the second shows that it is
    /// done.
    /// </summary>
    internal const int WarmUps = 2;

    private readonly ActBackbone backbone;
    private readonly IReadOnlyList<(int Height, int Width)> _sizes;
    private readonly Device _device;

    private ActVision(ActBackbone backbone, IEnumerable<ImageSpec> images, Device device)
        : base(nameof(ActVision))
    {
        this.backbone = backbone;
        _sizes = [.. images.Select(image => (image.Height, image.Width)).Distinct()];
        _device = device;
        RegisterComponents();
    }

    /// <param name="directory">The policy's.</param>
    /// <param name="images">The pictures that will come.</param>
    /// <param name="device">Where it computes.</param>
    /// <exception cref="PolicyException">The weights are not a backbone's.</exception>
    public static ActVision Load(string directory, IEnumerable<ImageSpec> images, Device device)
    {
        using var weights = SafetensorsCheckpoint.Open(Path.Combine(directory, PolicyKind.WeightsFile));
        var backbone = ActBackbone.For(weights, ActCheckpoint.BackbonePrefix);
        try
        {
            StateDict.Load(backbone, weights, ActCheckpoint.BackbonePrefix);
            backbone.eval();
            backbone.to(device);
            return new ActVision(backbone, images, device);
        }
        catch
        {
            backbone.Dispose();
            throw;
        }
    }

    /// <param name="x">A picture [1, 3, height, width], normalised.</param>
    /// <returns>Its feature map [1, channels, height / 32, width / 32], each rounded up.</returns>
    public override Tensor forward(Tensor x) => backbone.call(x);

    public Tensor Look(Tensor picture, string words) => call(picture);

    public void WarmUp()
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        foreach (var (height, width) in _sizes)
        {
            // As a camera's picture lies in memory: colour by colour of a pixel.
            var picture = zeros([1, height, width, 3], device: _device).permute(0, 3, 1, 2);
            for (var i = 0; i < WarmUps; i++)
                call(picture);
        }
    }
}
