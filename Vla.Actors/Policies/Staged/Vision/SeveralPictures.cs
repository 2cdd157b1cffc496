using TorchSharp.Modules;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Vision;

/// <summary>One vision encoder for the pictures of several cameras, whose features it joins.</summary>
/// <remarks>
/// Tokens follow each other, camera by camera, each with its camera's learned embedding added, so that what comes after
/// knows where it was seen from; vectors stand side by side. The encoder's weights are below <c>encoder.</c>, the
/// embeddings are <c>cameras</c> [cameras, dim].
/// </remarks>
internal sealed class SeveralPictures : Module<Tensor, Tensor>
{
    /// <summary>Colours of a picture.</summary>
    public const int Channels = 3;

    private readonly Module<Tensor, Tensor> encoder;
    private readonly Parameter? cameras;
    private readonly int _count;

    /// <param name="inner">Works on one picture at a time; owned by this module from now on.</param>
    /// <param name="count">Cameras, 2 or more.</param>
    /// <param name="height">Rows of a picture, which is tried once to see what the encoder gives.</param>
    /// <param name="width">Columns of a picture.</param>
    /// <exception cref="ArgumentException">The encoder gives neither tokens nor vectors.</exception>
    public SeveralPictures(Module<Tensor, Tensor> inner, int count, int height, int width)
        : this(inner, count, EmbeddingOf(inner, count, height, width)) { }

    private SeveralPictures(Module<Tensor, Tensor> inner, int count, Parameter? embedding)
        : base(nameof(SeveralPictures))
    {
        (encoder, cameras, _count) = (inner, embedding, count);
        RegisterComponents();
    }

    /// <summary>What works on each picture.</summary>
    public Module<Tensor, Tensor> Encoder => encoder;

    /// <summary>
    /// The same with another module in the encoder's place, which owns the encoder; this one is not to be used any
    /// more.
    /// </summary>
    public SeveralPictures With(Module<Tensor, Tensor> inner) => new(inner, _count, cameras);

    /// <param name="x">Pictures [batch, cameras × 3, height, width], each camera's three colours together.</param>
    /// <returns>[batch, cameras × tokens, dim], or [batch, cameras × dim].</returns>
    public override Tensor forward(Tensor x)
    {
        if (x.dim() != 4 || x.shape[1] != _count * Channels)
            throw new ArgumentException(
                $"pictures of {_count} cameras are [batch, {_count * Channels}, height, width]"
            );
        using var scope = NewDisposeScope();
        var joined = new Tensor[_count];
        for (var i = 0; i < _count; i++)
        {
            // Channels-last, as single pictures come: some layers are quick, or right, in that form alone.
            var picture = x.narrow(1, i * Channels, Channels).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
            var features = encoder.call(picture);
            joined[i] = cameras is null ? features : features + cameras.select(0, i);
        }

        return cat(joined, 1).MoveToOuterDisposeScope();
    }

    // What comes out of an encoder is only known by trying: exported ones and those to come have no field that says it.
    private static Parameter? EmbeddingOf(Module<Tensor, Tensor> inner, int count, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var trains = inner.training;
        inner.eval();
        var shape = inner.call(zeros(1, Channels, height, width)).shape;
        inner.train(trains);
        if (shape.Length == 2)
            return null;
        if (shape.Length != 3)
            throw new ArgumentException(
                $"the vision encoder gives {shape.Length} dimensions; several pictures take [batch, tokens, dim] or "
                    + "[batch, dim]"
            );
        return (Parameter)InitialWeights.Normal(count, shape[2]).DetachFromDisposeScope();
    }
}
