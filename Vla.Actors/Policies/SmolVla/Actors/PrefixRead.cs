using Vla.Actors.Pipeline;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.SmolVla.Actors;

/// <summary>Language model → action expert: what was seen, said and felt.</summary>
/// <param name="Prefix">Disposed with this.</param>
/// <param name="Origin">Of the oldest picture, with the words.</param>
internal sealed record PrefixRead(SmolPrefix Prefix, Origin Origin) : ISharedResult
{
    /// <summary>The robot's state as of the pictures' moment; null when it is not known.</summary>
    public RobotReading? State { get; init; }

    public ISharedResult ForAnother() => this with { Prefix = Prefix.Alias() };

    public void Dispose() => Prefix.Dispose();
}
