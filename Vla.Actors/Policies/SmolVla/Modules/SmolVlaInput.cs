using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>What a SmolVLA is given.</summary>
internal sealed record SmolVlaInput
{
    /// <summary>By feature name, [batch, height, width, 3] of bytes in RGB order.</summary>
    public required IReadOnlyDictionary<string, Tensor> Pictures { get; init; }

    /// <summary>[batch, length], int64.</summary>
    public required Tensor Tokens { get; init; }

    /// <summary>[batch, length], true for what is no padding.</summary>
    public required Tensor IsToken { get; init; }

    /// <summary>[batch, count], as it was measured.</summary>
    public required Tensor State { get; init; }

    /// <summary>Cameras without pictures beside those of <see cref="SmolVlaConfig.EmptyCameras"/>.</summary>
    public int MoreEmptyCameras { get; init; }
}
