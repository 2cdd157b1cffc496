using Vla.Sensors.Simulation;

namespace Vla.Tests.Sensors.Simulation;

/// <summary>Actions of a robot gone wild, up to twice as fast as allowed.</summary>
internal static class RandomActions
{
    public static WorldAction Next(WorldRandom random) =>
        new(
            Value(random, 0.06),
            Value(random, 0.06),
            Value(random, 0.06) - 0.01f,
            Value(random, 0.2),
            Value(random, 0.2),
            Value(random, 0.3),
            random.Chance(0.5) ? 0 : 1
        );

    private static float Value(WorldRandom random, double most) => (float)random.Between(-most, most);
}
