using Vla.Actors.Pipeline;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>What looks at pictures → what works on with it: what was made of each camera's picture.</summary>
/// <param name="Maps">A feature map [1, channels, rows, columns] or tokens [1, count, width] each, in the policy's
/// order of cameras; none for a policy without.</param>
/// <param name="Origin">Of the oldest picture.</param>
internal sealed record PicturesSeen(IReadOnlyList<Tensor> Maps, Origin Origin) : ISharedResult
{
    /// <summary>The robot's state as of the pictures' moment; null when it is not known.</summary>
    public RobotReading? State { get; init; }

    public ISharedResult ForAnother() =>
        this with
        {
            Maps = [.. Maps.Select(map => map.alias().DetachFromDisposeScope())],
        };

    public void Dispose()
    {
        foreach (var map in Maps)
            map.Dispose();
    }
}
