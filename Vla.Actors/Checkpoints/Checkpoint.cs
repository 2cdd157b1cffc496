using Vla.Actors.Policies;
using static TorchSharp.torch;

namespace Vla.Actors.Checkpoints;

/// <summary>A file of named tensors, opened for reading: its index is checked at once, bytes are read when asked for.</summary>
public abstract class Checkpoint : IDisposable
{
    /// <summary>How much is read in one go into a tensor: spans, unlike tensors, end at 2 GB.</summary>
    private const int ElementsPerRead = 1 << 24;

    /// <summary>Pickle protocol 2 with PyTorch's magic number: what torch.save wrote before version 1.6.</summary>
    private static ReadOnlySpan<byte> OldTorchStart => [0x80, 0x02, 0x8a, 0x0a];

    private protected Checkpoint(string path) => Path = path;

    public string Path { get; }

    /// <summary>What the file says it holds, by name, in the file's order.</summary>
    public abstract IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>Opens a safetensors file or PyTorch's <c>torch.save(state_dict)</c>; the content, not the name, decides.</summary>
    /// <exception cref="PolicyException">The file is missing, damaged, or of another kind.</exception>
    public static Checkpoint Open(string path)
    {
        Span<byte> start = stackalloc byte[4];
        try
        {
            using var file = File.OpenHandle(path);
            start = start[..RandomAccess.Read(file, start, 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{path}: cannot be read ({e.Message})", e);
        }
        if (start.StartsWith("PK"u8)) return TorchCheckpoint.Open(path);
        if (start.SequenceEqual(OldTorchStart))
            throw new PolicyException($"{path}: is in PyTorch's old format (before 1.6); load it there and torch.save it again");
        return SafetensorsCheckpoint.Open(path);
    }

    /// <summary>Reads one tensor's elements, row by row, in this machine's byte order.</summary>
    /// <param name="name">A key of <see cref="Tensors"/>.</param>
    /// <param name="firstElement">Where to start, in elements.</param>
    /// <param name="destination">Filled whole; its length is a multiple of the element size.</param>
    /// <exception cref="PolicyException">The file cannot be read or has changed.</exception>
    public abstract void Read(string name, long firstElement, Span<byte> destination);

    /// <summary>Reads one tensor, on the CPU, in its own type and shape; owned by the caller.</summary>
    public Tensor ReadTensor(string name)
    {
        var entry = Tensors[name];
        using var scope = NewDisposeScope();
        var tensor = empty(entry.Shape.ToArray(), dtype: entry.Type.ToTorch());
        var flat = tensor.view(-1);
        for (long first = 0; first < entry.ElementCount; first += ElementsPerRead)
        {
            using var part = flat.narrow(0, first, Math.Min(ElementsPerRead, entry.ElementCount - first));
            Read(name, first, part.bytes);
        }
        return tensor.MoveToOuterDisposeScope();
    }

    public abstract void Dispose();
}

/// <summary>One tensor as a checkpoint's index describes it.</summary>
/// <param name="Name">Unique in its file: <c>vision_encoder.fc.weight</c>.</param>
/// <param name="Type">The kind of number.</param>
/// <param name="Shape">Sizes from the outermost dimension; empty for a single number.</param>
public record CheckpointTensor(string Name, CheckpointType Type, IReadOnlyList<long> Shape)
{
    public long ElementCount { get; } = CheckpointShape.ElementCount(Shape) ?? throw new ArgumentOutOfRangeException(nameof(Shape));

    /// <summary>The shape as people write it: <c>[32, 3, 3, 3]</c>.</summary>
    public string ShapeText => CheckpointShape.Text(Shape);
}

/// <summary>Arithmetic on shapes that come from files and may be anything.</summary>
internal static class CheckpointShape
{
    /// <summary>More dimensions than any model has: a bound on what a damaged index can ask for.</summary>
    public const int MaximumRank = 32;

    /// <summary>The product of the sizes; null when a size is negative or the bytes would not fit 63 bits.</summary>
    public static long? ElementCount(IReadOnlyList<long> shape)
    {
        var count = 1L;
        foreach (var size in shape)
        {
            if (size < 0) return null;
            var product = (Int128)count * size;
            if (product > long.MaxValue / 8) return null;
            count = (long)product;
        }
        return count;
    }

    public static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
