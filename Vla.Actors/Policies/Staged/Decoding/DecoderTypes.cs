using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Decoding;

/// <summary>The action decoders that a policy can name.</summary>
internal static class DecoderTypes
{
    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> All { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>>
        {
            ["simple_decoder"] = section =>
            {
                var (input, action) = (section.Size("input_dim"), section.Size("action_dim"));
                section.AtLeast((Int128)128 * input + (Int128)64 * action);
                return _ => new ActionDecoder(input, action);
            },
            ["act"] = section =>
            {
                var (input, action, horizon) = (
                    section.Size("input_dim"),
                    section.Size("action_dim"),
                    section.Integer("horizon", 1, 1_000)
                );
                var (dim, heads) = section.DimAndHeads();
                var (layers, feedForward, dropout) = (
                    section.Layers(),
                    section.Size("feed_forward_dim"),
                    section.Dropout(0)
                );
                section.AtLeast(
                    (Int128)horizon * dim + (Int128)layers * dim * (6L * dim + 2L * input + 2L * feedForward)
                );
                return _ => new ActDecoder(input, action, horizon, dim, heads, layers, feedForward, dropout);
            },
            [StageTypes.TorchScript] = StageSettings.TorchScriptStage,
        };
}
