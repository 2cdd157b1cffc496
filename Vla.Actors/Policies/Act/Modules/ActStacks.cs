using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>ACT's encoder: layers in which tokens look at each other, one after the other.</summary>
internal sealed class TokenEncoder : Module<Tensor, Tensor, Tensor>
{
    private readonly ModuleList<ActEncoderLayer> layers;
    private readonly LayerNorm? norm;

    public TokenEncoder(ActConfig config, int count)
        : base(nameof(TokenEncoder))
    {
        layers = new ModuleList<ActEncoderLayer>([
            .. Enumerable.Range(0, count).Select(_ => new ActEncoderLayer(config)),
        ]);
        if (config.PreNorm)
            norm = LayerNorm(config.Dim);
        RegisterComponents();
    }

    public override Tensor forward(Tensor tokens, Tensor positions) => Run(tokens, positions, null);

    public Tensor Run(Tensor tokens, Tensor positions, Action<string, Tensor>? seen, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < layers.Count; i++)
        {
            tokens = layers[i].Run(tokens, positions, mask);
            seen?.Invoke($"encoder.layer{i}", tokens);
        }

        return (norm?.call(tokens) ?? tokens).MoveToOuterDisposeScope();
    }
}

/// <summary>ACT's decoder: layers in which each action of the chunk asks the encoder's tokens.</summary>
internal sealed class TokenDecoder : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly ModuleList<ActDecoderLayer> layers;
    private readonly LayerNorm norm;

    public TokenDecoder(ActConfig config)
        : base(nameof(TokenDecoder))
    {
        layers = new ModuleList<ActDecoderLayer>([
            .. Enumerable.Range(0, config.DecoderLayers).Select(_ => new ActDecoderLayer(config)),
        ]);
        norm = LayerNorm(config.Dim);
        RegisterComponents();
    }

    public override Tensor forward(Tensor memory, Tensor memoryKeys, Tensor positions) =>
        Run(memory, memoryKeys, positions, null);

    public Tensor Run(Tensor memory, Tensor memoryKeys, Tensor positions, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var tokens = zeros([memory.shape[0], positions.shape[1], positions.shape[2]], device: memory.device);
        for (var i = 0; i < layers.Count; i++)
        {
            tokens = layers[i].call(tokens, positions, memory, memoryKeys);
            seen?.Invoke($"decoder.layer{i}", tokens);
        }

        return norm.call(tokens).MoveToOuterDisposeScope();
    }
}
