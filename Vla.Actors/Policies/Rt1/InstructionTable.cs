using System.Globalization;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Policies.Rt1;

/// <summary>
/// The vectors of the instructions that a policy is to know, from <c>instructions.safetensors</c> beside its weights: a
/// tensor for each, called as the instruction.
/// </summary>
/// <remarks>Capitals, spaces and a full stop at the end make no difference.</remarks>
internal sealed class InstructionTable : ISentenceEncoder
{
    /// <summary>As it is called in a policy's directory.</summary>
    public const string FileName = "instructions.safetensors";

    private const int Shown = 5;
    private const int Most = 100_000;

    private readonly string _file;
    private readonly Dictionary<string, float[]> _vectors = new(StringComparer.Ordinal);

    private InstructionTable(string file, int size) => (_file, Size) = (file, size);

    public int Size { get; }

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _vectors.Count == 0;

    /// <param name="directory">The policy's.</param>
    /// <param name="size">Numbers of a vector.</param>
    /// <exception cref="PolicyException">The file holds something else, or nothing.</exception>
    public static InstructionTable Read(string directory, int size)
    {
        var table = new InstructionTable(Path.Combine(directory, FileName), size);
        if (!File.Exists(table._file))
            return table;
        using var stored = SafetensorsCheckpoint.Open(table._file);
        if (stored.Tensors.Count is 0 or > Most)
            throw new PolicyException($"{table._file}: has {stored.Tensors.Count} vectors, allowed are 1 to {Most}");
        foreach (var (name, entry) in stored.Tensors)
        {
            if (entry.ElementCount != size || !entry.Type.IsFloatingPoint())
                throw new PolicyException(
                    $"{table._file}: '{ErrorText.Bounded(name)}' is {entry.ShapeText} {entry.Type}, expected is "
                        + $"[{size}] of F32: the vector of the instruction that it is called"
                );
            using var tensor = stored.ReadTensor(name);
            FiniteWeights.Check(table._file, name, tensor);
            if (!table._vectors.TryAdd(Plain(name), ChunkValues.Of(tensor)))
                throw new PolicyException(
                    $"{table._file}: has '{ErrorText.Bounded(name)}' twice, but for capitals, spaces or a full stop"
                );
        }

        return table;
    }

    public float[]? Encode(string instruction) => _vectors.GetValueOrDefault(Plain(instruction));

    public string WhyNot(string instruction) =>
        _vectors.Count == 0
            ? $"the policy knows no instruction: put their vectors beside its weights as {FileName}, a tensor of "
                + $"{Size} numbers for each, called as the instruction"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"the policy has no vector for \"{ErrorText.Bounded(instruction)}\": {FileName} has those of "
                    + $"{Some()}"
            );

    private string Some()
    {
        var names = _vectors.Keys;
        var some = string.Join(", ", names.Take(Shown).Select(name => $"\"{ErrorText.Bounded(name)}\""));
        return names.Count > Shown ? $"{some} and {names.Count - Shown} more" : some;
    }

    private static string Plain(string instruction) =>
        string.Join(' ', instruction.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .TrimEnd('.', ' ');
}
