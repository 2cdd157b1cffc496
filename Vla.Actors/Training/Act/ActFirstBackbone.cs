using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act.Modules;

namespace Vla.Actors.Training.Act;

/// <summary>The vision backbone that a training begins with.</summary>
/// <param name="Create">Makes it, with its first weights.</param>
/// <param name="NeedsCalibration">True where nobody has trained it: its norms, which stay as they are, are set by the
/// data's own pictures.</param>
internal sealed record ActFirstBackbone(Func<ActBackbone> Create, bool NeedsCalibration)
{
    /// <summary>Channels after ResNet-18's first convolution.</summary>
    public const int ResNet18Width = 64;

    private static readonly string[] Prefixes = ["", "backbone.", ActCheckpoint.BackbonePrefix];

    /// <summary>A new one of ResNet-18's form.</summary>
    /// <param name="width">Channels after the first convolution.</param>
    public static ActFirstBackbone Fresh(int width = ResNet18Width) => new(() => new ActBackbone(width), true);

    /// <summary>One that somebody has trained: torchvision's names, or those of an ACT checkpoint.</summary>
    /// <exception cref="PolicyException">There is none in the file.</exception>
    public static ActFirstBackbone From(string file)
    {
        // Once, so that a wrong file is named before the data are read.
        using (Load()) { }
        return new ActFirstBackbone(Load, false);

        ActBackbone Load()
        {
            using var weights = Checkpoint.Open(file);
            var prefix =
                Prefixes.FirstOrDefault(one => weights.Tensors.ContainsKey($"{one}conv1.weight"))
                ?? throw new PolicyException(
                    $"{file}: holds no ResNet (conv1.weight, layer1.0.conv1.weight, …): give torchvision's weights "
                        + "of resnet18 or resnet34"
                );
            var backbone = ActBackbone.For(weights, prefix);
            try
            {
                StateDict.Load(backbone, weights, prefix);
                return backbone;
            }
            catch
            {
                backbone.Dispose();
                throw;
            }
        }
    }
}
