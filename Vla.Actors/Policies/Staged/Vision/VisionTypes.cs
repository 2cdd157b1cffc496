using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Vision;

/// <summary>The vision encoders that a policy can name.</summary>
internal static class VisionTypes
{
    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> All { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>>
        {
            ["simple_vision"] = section =>
            {
                var features = section.Size("feature_dim");
                section.AtLeast((Int128)128 * features);
                return _ => new VisionEncoder(features);
            },
            ["spatial"] = section =>
            {
                var dim = section.Size("dim");
                if (dim % 4 != 0)
                    throw section.Wrong("dim", $"{dim}", "a multiple of 4");
                section.AtLeast((Int128)dim * dim);
                return _ => new SpatialEncoder(dim);
            },
            ["resnet18"] = section =>
            {
                const int paper = 64;
                var (width, pooled) = (section.OptionalInteger("width", 1, 1_024, paper), section.Pooled());
                section.AtLeast((Int128)2_500 * width * width);
                return _ => new ResNet18(width, pooled);
            },
            ["vit"] = section =>
            {
                const int mostPatches = 128;
                var (image, patch) = (section.Integer("image_size", 8, 4_096), section.Integer("patch_size", 1, 256));
                if (image % patch != 0)
                    throw section.Wrong("patch_size", $"{patch}", $"a divisor of image_size, {image}");
                if (image / patch > mostPatches)
                    throw section.Wrong(
                        "patch_size",
                        $"{patch}",
                        $"a size that gives at most {mostPatches} patches to a side"
                    );
                var (dim, heads) = section.DimAndHeads();
                var (layers, pooled, dropout) = (section.Layers(), section.Pooled(), section.Dropout(0));
                section.AtLeast(
                    (Int128)3 * patch * patch * dim
                        + (Int128)(image / patch) * (image / patch) * dim
                        + (Int128)layers * 12 * dim * dim
                );
                return _ => new VisionTransformer(image, patch, dim, layers, heads, pooled, dropout);
            },
            [StageTypes.TorchScript] = StageSettings.TorchScriptStage,
        };
}
