using Vla.Sensors.Text;
using static TorchSharp.torch;

namespace Vla.Actors.Checkpoints;

/// <summary>
/// A file of named tensors, opened for reading: its index is checked at once, bytes are read when asked for.
/// </summary>
public abstract class Checkpoint : IDisposable
{
    /// <summary>How much is read in one go into a tensor: spans, unlike tensors, end at 2 GB.</summary>
    private const int ElementsPerRead = 1 << 24;

    /// <summary>
    /// The beginning of PyTorch's magic number as a pickle has it: how torch.save wrote before version 1.6, and writes
    /// still when asked to.
    /// </summary>
    private static ReadOnlySpan<byte> OldTorchMagic => [0x8a, 0x0a, 0x6c, 0xfc];

    private protected Checkpoint(string path) => Path = path;

    /// <summary>The file, or the folder of several.</summary>
    public string Path { get; }

    /// <summary>What the file says it holds, by name, in the file's order.</summary>
    public abstract IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>
    /// What stands under a name and cannot be read as a tensor, by name: <c>torch.ComplexFloatStorage</c>.
    /// </summary>
    public virtual IReadOnlyDictionary<string, string> Unreadable { get; } = new Dictionary<string, string>();

    /// <summary>
    /// Where in the file the weights were, among other things: <c>model_state_dict</c>; empty when they are all of it.
    /// </summary>
    public virtual string Place => "";

    /// <summary>
    /// Opens a safetensors file or what PyTorch's <c>torch.save</c> wrote; the content, not the name, decides.
    /// </summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or of another kind, which the message
    /// names.</exception>
    public static Checkpoint Open(string path)
    {
        if (Directory.Exists(path))
            throw new CheckpointException($"{path}: is a directory; give the file in it that holds the weights");
        var start = new byte[FileKind.BytesLookedAt];
        try
        {
            WaitingFile.Refuse(path);
            using var file = File.OpenHandle(path);
            start = start[..RandomAccess.Read(file, start, 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({e.Message})", e);
        }
        if (start.AsSpan().StartsWith("PK\x03\x04"u8))
            return TorchCheckpoint.Open(path);
        if (start is [0x80, >= 2 and <= 5, ..] && start.AsSpan(2).StartsWith(OldTorchMagic))
            throw new CheckpointException(
                $"{path}: is in PyTorch's old format (before 1.6); load it there and torch.save it again, "
                    + "without _use_new_zipfile_serialization=False"
            );
        // First: the length that a safetensors file begins with can look like the beginning of anything.
        if (!SafetensorsCheckpoint.BeginsLike(start) && FileKind.Describe(start) is { } kind)
            throw new CheckpointException($"{path}: {kind}");
        return SafetensorsCheckpoint.Open(path);
    }

    /// <summary>Reads one tensor's elements, row by row, in this machine's byte order.</summary>
    /// <param name="name">A key of <see cref="Tensors"/>.</param>
    /// <param name="firstElement">Where to start, in elements.</param>
    /// <param name="destination">Filled whole; its length is a multiple of the element size.</param>
    /// <exception cref="CheckpointException">The file cannot be read or has changed.</exception>
    public abstract void Read(string name, long firstElement, Span<byte> destination);

    /// <summary>Reads one tensor, on the CPU, in its own type and shape; owned by the caller.</summary>
    public Tensor ReadTensor(string name) =>
        ReadTensor(Tensors[name].Type, Tensors[name].Shape, (first, destination) => Read(name, first, destination));

    /// <summary>Makes a tensor of elements that are read bit by bit.</summary>
    internal static Tensor ReadTensor(CheckpointType type, IReadOnlyList<long> shape, ReadElements read)
    {
        using var scope = NewDisposeScope();
        var tensor = empty(shape.ToArray(), dtype: type.ToTorch());
        var flat = tensor.view(-1);
        var count = CheckpointShape.ElementCount(shape)!.Value;
        for (long first = 0; first < count; first += ElementsPerRead)
        {
            using var part = flat.narrow(0, first, Math.Min(ElementsPerRead, count - first));
            read(first, part.bytes);
        }
        return tensor.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>
/// Fills <paramref name="destination"/> with elements, row by row, from the one numbered <paramref name="first"/> on.
/// </summary>
internal delegate void ReadElements(long first, Span<byte> destination);

/// <summary>One tensor as a checkpoint's index describes it.</summary>
/// <param name="Name">Unique in its file: <c>vision_encoder.fc.weight</c>.</param>
/// <param name="Type">The kind of number.</param>
/// <param name="Shape">Sizes from the outermost dimension; empty for a single number.</param>
/// <exception cref="ArgumentOutOfRangeException">A size is negative, or the bytes would not fit 63 bits.</exception>
public record CheckpointTensor(string Name, CheckpointType Type, IReadOnlyList<long> Shape)
{
    /// <summary>How many numbers it has.</summary>
    public long ElementCount { get; } =
        CheckpointShape.ElementCount(Shape) ?? throw new ArgumentOutOfRangeException(nameof(Shape));

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
            if (size < 0)
                return null;
            var product = (Int128)count * size;
            if (product > long.MaxValue / 8)
                return null;
            count = (long)product;
        }
        return count;
    }

    public static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
