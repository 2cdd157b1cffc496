using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>
/// The chance that each chunk begins with, the same every time for a seed, the words and how many chunks were made for
/// them before.
/// </summary>
/// <remarks>
/// It counts from each instruction anew, so that an episode's chance does not depend on the episodes before it. On the
/// CPU on every device: a GPU's chance is another.
/// </remarks>
/// <param name="seed">Any number.</param>
internal sealed class ChunkNoise(long seed)
{
    private long _instruction = -1;
    private ulong _count;

    /// <param name="instruction">The words in force.</param>
    /// <param name="instructionNumber">Which instruction that is.</param>
    /// <param name="shape">Of the noise.</param>
    /// <returns>Normally distributed; the caller's scope's.</returns>
    public Tensor Next(string instruction, long instructionNumber, params long[] shape)
    {
        if (instructionNumber != _instruction)
            (_instruction, _count) = (instructionNumber, 0);
        var mixed = Mix(Mix((ulong)seed) ^ Mix(Hash(instruction)) ^ Mix(_count++ + 1));
        using var generator = new Generator(mixed >> 1, CPU);
        return randn(shape, generator: generator);
    }

    // FNV-1a: the same in every process, as GetHashCode is not.
    private static ulong Hash(string text)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var letter in text)
            hash = (hash ^ letter) * 1_099_511_628_211;
        return hash;
    }

    // SplitMix64.
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
