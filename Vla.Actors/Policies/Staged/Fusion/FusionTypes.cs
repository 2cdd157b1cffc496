using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Fusion;

/// <summary>The fusions that a policy can name.</summary>
internal static class FusionTypes
{
    public static IReadOnlyDictionary<
        string,
        Func<ConfigSection, Func<Device, Module<Tensor, Tensor, Tensor>>>
    > All { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor, Tensor>>>>
        {
            ["simple_fusion"] = section =>
            {
                var (vision, language) = (section.Size("vision_dim"), section.Size("language_dim"));
                var fused = section.Integer("fused_dim", 2, 65_536);
                section.AtLeast((Int128)fused * (vision + language) + (Int128)fused * (fused / 2));
                return _ => new FusionLayer(vision, language, fused);
            },
            ["film"] = section =>
            {
                var (vision, language, state) = Inputs(section);
                var (dim, layers, pooled) = (section.Size("dim"), section.Layers(), section.Pooled());
                section.AtLeast((Int128)vision * dim + (Int128)layers * dim * (2L * dim + 2L * language));
                return _ => new FilmFusion(vision, language, state, dim, layers, pooled);
            },
            ["cross_attention"] = section =>
            {
                var (vision, language, state) = Inputs(section);
                var (dim, heads) = section.DimAndHeads();
                var (layers, queries) = (section.Layers(), section.Integer("queries", 1, 1_024));
                var (pooled, dropout) = (section.Pooled(), section.Dropout(0));
                section.AtLeast((Int128)layers * dim * (8L * dim + 2L * dim + 2L * language + 2L * vision));
                return _ => new CrossAttentionFusion(
                    vision,
                    language,
                    state,
                    dim,
                    heads,
                    layers,
                    queries,
                    pooled,
                    dropout
                );
            },
            ["slot_attention"] = section =>
            {
                const int largestGrid = 512;
                var (vision, language, state) = Inputs(section);
                var (rows, columns) = (
                    section.Integer("rows", 1, largestGrid),
                    section.Integer("columns", 1, largestGrid)
                );
                var (dim, heads) = section.DimAndHeads();
                var (slots, feedForward) = (section.Integer("slots", 1, 256), section.Size("feed_forward_dim"));
                section.AtLeast(
                    (Int128)dim * (vision + 2L * language + 12L * dim + 6L * feedForward)
                        + (Int128)feedForward * slots * dim
                );
                return _ => new SlotAttentionFusion(
                    vision,
                    language,
                    state,
                    rows,
                    columns,
                    dim,
                    heads,
                    slots,
                    feedForward
                );
            },
            [StageTypes.TorchScript] = section =>
            {
                var file = section.TorchScriptFile();
                return device => new TorchScriptFusion(file, device);
            },
        };

    // state_dim left out: the fusion takes no robot state.
    private static (int Vision, int Language, int State) Inputs(ConfigSection section) =>
        (
            section.Size("vision_dim"),
            section.Size("language_dim"),
            section.OptionalInteger("state_dim", 0, StateSpec.MaximumDimensions, 0)
        );
}
