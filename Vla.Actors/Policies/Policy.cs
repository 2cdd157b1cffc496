using Vla.Sensors.Images;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies;

/// <summary>A policy directory: four stages, a tokenizer, the picture it wants and what its actions mean.</summary>
/// <remarks>
/// Loading reads and checks everything but keeps no weights: each stage is made by its <c>Create…</c> method, on the
/// thread that will run it, as often as that thread is started anew.
/// </remarks>
public sealed class Policy
{
    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    public static Policy Load(string directory) => throw new NotSupportedException();

    public string Directory => throw new NotSupportedException();

    public ImageSpec Image => throw new NotSupportedException();

    public ActionSpec Action => throw new NotSupportedException();

    /// <summary>Text → token ids [1, sequence length], int64, on the CPU; owned by the caller.</summary>
    public Tensor Tokenize(string instruction) => throw new NotSupportedException();

    /// <summary>[batch, 3, height, width] → vision features; in evaluation mode, on <paramref name="device"/>.</summary>
    public Module<Tensor, Tensor> CreateVisionEncoder(Device device) => throw new NotSupportedException();

    /// <summary>[batch, sequence] int64 → language features.</summary>
    public Module<Tensor, Tensor> CreateLanguageEncoder(Device device) => throw new NotSupportedException();

    /// <summary>vision features, language features → fused features.</summary>
    public Module<Tensor, Tensor, Tensor> CreateFusion(Device device) => throw new NotSupportedException();

    /// <summary>fused features → normalised actions, [batch, dimensions] or [batch, horizon, dimensions].</summary>
    public Module<Tensor, Tensor> CreateActionDecoder(Device device) => throw new NotSupportedException();
}
