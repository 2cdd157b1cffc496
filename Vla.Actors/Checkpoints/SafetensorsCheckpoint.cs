using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Vla.Actors.Checkpoints;

/// <summary>Reads a safetensors file.</summary>
/// <remarks>
/// The format (<see href="https://github.com/huggingface/safetensors#format"/>): 8 bytes header length, a JSON header,
/// then the tensors' bytes, little-endian. The index must cover the bytes exactly: no overlap, no hole, nothing left
/// over.
/// </remarks>
internal sealed class SafetensorsCheckpoint : Checkpoint
{
    private const int LengthBytes = 8;

    private readonly SafeFileHandle _file;
    private readonly SafetensorsHeader _header;
    private readonly long _dataStart;

    private SafetensorsCheckpoint(string path, SafeFileHandle file, SafetensorsHeader header, long dataStart)
        : base(path)
    {
        _file = file;
        _header = header;
        _dataStart = dataStart;
    }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _header.Tensors;

    /// <summary>The header's <c>__metadata__</c>: free text by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>
    /// True when a file's first bytes are a length that may be and the brace that the header begins with.
    /// </summary>
    internal static bool BeginsLike(ReadOnlySpan<byte> start) =>
        start.Length > LengthBytes
        && start[LengthBytes] == '{'
        && BinaryPrimitives.ReadUInt64LittleEndian(start) <= SafetensorsHeader.MaximumBytes;

    /// <inheritdoc cref="Checkpoint.Open"/>
    public static new SafetensorsCheckpoint Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            Span<byte> lengthField = stackalloc byte[LengthBytes];
            if (length < LengthBytes)
                throw Damaged(path, $"has {length} bytes, too few for a safetensors file");
            ReadExactly(path, file, lengthField, 0);
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(lengthField);
            // Both bounds before anything is allocated: the claim may be any 64-bit number.
            if (headerLength > SafetensorsHeader.MaximumBytes)
                throw Damaged(
                    path,
                    $"claims a header of {headerLength} bytes; the format allows {SafetensorsHeader.MaximumBytes}"
                );
            if (headerLength > (ulong)(length - LengthBytes))
                throw Damaged(
                    path,
                    $"claims a header of {headerLength} bytes but has {length} in all; it is cut off or not a "
                        + "safetensors file"
                );
            var json = new byte[headerLength];
            ReadExactly(path, file, json, LengthBytes);
            var dataStart = LengthBytes + (long)headerLength;
            var header = SafetensorsHeader.Parse(path, json, length - dataStart);
            var checkpoint = new SafetensorsCheckpoint(path, file, header, dataStart);
            file = null;
            return checkpoint;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({e.Message})", e);
        }
        finally
        {
            file?.Dispose();
        }
    }

    public override void Read(string name, long firstElement, Span<byte> destination)
    {
        var tensor = _header.Tensors[name];
        var offset = firstElement * tensor.Type.Size();
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            offset + destination.Length,
            tensor.ElementCount * tensor.Type.Size()
        );
        try
        {
            ReadExactly(Path, _file, destination, _dataStart + _header.Offsets[name] + offset);
        }
        catch (IOException e)
        {
            throw new CheckpointException($"{Path}: cannot be read ({e.Message})", e);
        }
        if (!BitConverter.IsLittleEndian)
            tensor.Type.ReverseByteOrder(destination);
    }

    public override void Dispose() => _file.Dispose();

    private static void ReadExactly(string path, SafeFileHandle file, Span<byte> destination, long offset)
    {
        while (!destination.IsEmpty)
        {
            var count = RandomAccess.Read(file, destination, offset);
            if (count == 0)
                throw Damaged(path, "ended while it was being read");
            destination = destination[count..];
            offset += count;
        }
    }

    private static CheckpointException Damaged(string path, string what) => new($"{path}: {what}");
}
