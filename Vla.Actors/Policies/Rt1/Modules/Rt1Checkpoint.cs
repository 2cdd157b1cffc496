using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Rt1.Modules;

/// <summary>
/// RT-1 ("RT-1: Robotics Transformer for Real-World Control at Scale", arXiv:2212.06817): a picture and an
/// instruction's vector to tokens, and the tokens of the last few pictures to an action.
/// </summary>
/// <remarks>Everything is computed in float32. Nothing in the directory is executed.</remarks>
internal sealed class Rt1Checkpoint : IDisposable
{
    private readonly ModelWeights _weights;
    private readonly Rt1Vision _vision;
    private readonly Rt1Transformer _transformer;
    private readonly Device _device;

    private Rt1Checkpoint(string directory, Rt1Config config, ModelWeights weights, Device device)
    {
        (Directory, Config, _weights, _device) = (directory, config, weights, device);
        _vision = new Rt1Vision(weights, config);
        _transformer = new Rt1Transformer(weights, config);
    }

    public string Directory { get; }

    public Rt1Config Config { get; }

    /// <summary>Numbers that were learned and are used.</summary>
    public long Parameters => _weights.Count;

    /// <summary>Reads and tries all of it.</summary>
    /// <exception cref="PolicyException">Something is missing, damaged or does not fit.</exception>
    public static Rt1Checkpoint Load(string directory, Device device)
    {
        var opened = Open(directory, device);
        try
        {
            WeightsTrial.Run(directory, opened.Try);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Opens it for whoever uses a part of it: weights are read when they are first needed.</summary>
    internal static Rt1Checkpoint Open(string directory, Device device)
    {
        var config = Rt1Config.Read(Path.Combine(directory, PolicyKind.ConfigFile));
        var checkpoint = SafetensorsCheckpoint.Open(Path.Combine(directory, PolicyKind.WeightsFile));
        return new Rt1Checkpoint(directory, config, new ModelWeights(checkpoint, device), device);
    }

    /// <summary>Pictures as the network takes them.</summary>
    /// <param name="resized">[batch, 3, size, size], 0 to 1.</param>
    public Tensor Normalise(Tensor resized)
    {
        using var scope = NewDisposeScope();
        var mean = tensor(Config.Mean.ToArray(), [1, 3, 1, 1], device: resized.device);
        var std = tensor(Config.Std.ToArray(), [1, 3, 1, 1], device: resized.device);
        return ((resized - mean) / std).MoveToOuterDisposeScope();
    }

    /// <summary>The tokens of pictures.</summary>
    /// <param name="pictures">[batch, 3, size, size], normalised.</param>
    /// <param name="context">[batch, context], the instruction's vector for each.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[batch, tokens, token size].</returns>
    public Tensor Look(Tensor pictures, Tensor context, Action<string, Tensor>? seen = null)
    {
        using var guard = inference_mode();
        return _vision.Look(pictures, context, seen);
    }

    /// <summary>What each token of the action of a frame should be.</summary>
    /// <param name="window">[1, frames, tokens, token size].</param>
    /// <param name="frame">Whose action is asked for, from 0.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[1, tokens of an action, vocabulary].</returns>
    public Tensor Decide(Tensor window, int frame, Action<string, Tensor>? seen = null)
    {
        using var guard = inference_mode();
        using var logits = _transformer.Decode(window, seen);
        return _transformer.ActionLogits(logits, frame).clone();
    }

    /// <summary>Which place of the decoder may look at which: 1 for those that may.</summary>
    public Tensor Mask() => Rt1Transformer.AllowedOf(Config);

    /// <summary>The same in the authors' later code, which is not used here.</summary>
    public Tensor LaterMask() => Rt1Transformer.AllowedLaterOf(Config);

    public void Dispose()
    {
        _transformer.Dispose();
        _weights.Dispose();
    }

    /// <summary>Loads and tries the eyes alone.</summary>
    internal void WarmUpVision()
    {
        using var scope = NewDisposeScope();
        Look(
            zeros([1, 3, Config.ImageSize, Config.ImageSize], device: _device),
            zeros([1, Config.ContextSize], device: _device)
        );
    }

    /// <summary>Loads and tries the decoder alone.</summary>
    internal void WarmUpTransformer()
    {
        using var scope = NewDisposeScope();
        Decide(zeros([1, Config.Frames, Config.ImageTokens, Config.TokenSize], device: _device), 0);
    }

    // A pattern through everything, so that what does not fit is found before a robot waits for it.
    private void Try()
    {
        using var scope = NewDisposeScope();
        var tokens = Look(
            zeros([1, 3, Config.ImageSize, Config.ImageSize], device: _device),
            zeros([1, Config.ContextSize], device: _device)
        );
        Require(
            "image tokens",
            tokens,
            [1, Config.ImageTokens, Config.TokenSize],
            "num_image_tokens, token_embedding_size"
        );
        var window = tokens.unsqueeze(1).expand(1, Config.Frames, Config.ImageTokens, Config.TokenSize);
        var logits = Decide(window, Config.Frames - 1);
        Require("action logits", logits, [1, Config.ActionTokens, Config.Vocabulary], "vocab_size");
        WeightsTrial.RequireFinite(Directory, logits);
    }

    private void Require(string what, Tensor tensor, long[] shape, string keys)
    {
        if (!tensor.shape.AsSpan().SequenceEqual(shape))
            throw new PolicyException(
                $"{Directory}: its weights give {what} of {CheckpointShape.Text(tensor.shape)}, and "
                    + $"{PolicyKind.ConfigFile} means {CheckpointShape.Text(shape)} ({keys})"
            );
    }
}
