namespace Vla.Sensors.Simulation;

/// <summary>Random numbers that are the same for a seed on every machine and in every version of .NET.</summary>
/// <remarks>SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).</remarks>
public sealed class WorldRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <param name="seed">Any number.</param>
    /// <param name="stream">Different streams of one seed have nothing to do with each other.</param>
    public WorldRandom(long seed, int stream = 0) => _state = Mix(Mix((ulong)seed) + Gamma * ((ulong)(uint)stream + 1));

    /// <summary>Evenly distributed in [0, 1).</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Evenly distributed in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double Between(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>One of 0 … <paramref name="count"/> − 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    public int Below(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return (int)(NextDouble() * count);
    }

    /// <summary>True with this probability, 0 to 1.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>Normally distributed, mean 0, standard deviation 1.</summary>
    public double Gaussian() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>Puts them into an order by chance.</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (var i = values.Length - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits() => Mix(_state += Gamma);

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
