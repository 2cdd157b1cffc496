using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Language;

/// <summary>The language encoders that a policy can name.</summary>
internal static class LanguageTypes
{
    private const double PublishedDropout = 0.1;

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> All { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>>
        {
            ["simple_language"] = section =>
            {
                var vocabulary = section.Vocabulary();
                var (embedding, hidden) = (section.Size("embed_dim"), section.Size("hidden_dim"));
                var features = section.Size("feature_dim");
                section.AtLeast(
                    (Int128)vocabulary * embedding
                        + (Int128)8 * hidden * (embedding + hidden)
                        + (Int128)2 * hidden * features
                );
                return _ => new LanguageEncoder(vocabulary, embedding, hidden, features);
            },
            ["bert"] = section =>
            {
                var (vocabulary, positions) = (section.Vocabulary(), section.Size("max_positions"));
                var (dim, heads) = section.DimAndHeads();
                var (layers, feedForward, pad) = (
                    section.Layers(),
                    section.Size("feed_forward_dim"),
                    PadId(section, vocabulary)
                );
                var (pooled, dropout) = (section.Pooled(), section.Dropout(PublishedDropout));
                section.AtLeast(
                    (Int128)dim * (vocabulary + positions) + (Int128)layers * dim * (4L * dim + 2L * feedForward)
                );
                return _ => new Bert(vocabulary, positions, dim, layers, heads, feedForward, pad, pooled, dropout);
            },
            ["gpt2"] = section =>
            {
                var (vocabulary, positions) = (section.Vocabulary(), section.Size("max_positions"));
                var (dim, heads) = section.DimAndHeads();
                var (layers, pad) = (section.Layers(), PadId(section, vocabulary));
                var (pooled, dropout) = (section.Pooled(), section.Dropout(PublishedDropout));
                section.AtLeast((Int128)dim * (vocabulary + positions) + (Int128)layers * 12 * dim * dim);
                return _ => new Gpt2(vocabulary, positions, dim, layers, heads, pad, pooled, dropout);
            },
            [StageTypes.TorchScript] = StageSettings.TorchScriptStage,
        };

    private static int PadId(ConfigSection section, int vocabulary) =>
        section.OptionalInteger("pad_id", 0, vocabulary - 1, 0);
}
