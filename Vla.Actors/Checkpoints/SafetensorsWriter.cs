using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Vla.Actors.Checkpoints;

/// <summary>Writes named tensors as a safetensors file.</summary>
public static class SafetensorsWriter
{
    private const int ElementsPerWrite = 1 << 24;

    /// <summary>
    /// The header is padded to this, so that the tensors' bytes are aligned for whoever maps the file.
    /// </summary>
    private const int Alignment = 8;

    /// <summary>
    /// Writes beside <paramref name="path"/> and renames, so that no half-written file is ever seen there.
    /// </summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="tensors">On any device, in any memory layout; borrowed.</param>
    /// <param name="metadata">Free text for the header's <c>__metadata__</c>.</param>
    /// <exception cref="CheckpointException">The file cannot be written, or a tensor's type is not one that checkpoints
    /// hold.</exception>
    /// <exception cref="PlatformNotSupportedException">The machine is not little-endian, as the format is.</exception>
    public static void Write(
        string path,
        IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null
    )
    {
        var temporary = $"{path}.partial";
        try
        {
            using (var file = File.Create(temporary))
            {
                WriteHeader(path, file, tensors, metadata);
                foreach (var tensor in tensors.Values)
                    WriteBytes(file, tensor);
                // Before the name points to it: after a power cut there is the old file or the new one, never an empty
                // one.
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be written ({e.Message})", e);
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    private static void WriteHeader(
        string path,
        Stream file,
        IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata
    )
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata)
                    writer.WriteString(key, value);
                writer.WriteEndObject();
            }
            var offset = 0L;
            foreach (var (name, tensor) in tensors)
            {
                var type =
                    CheckpointTypes.FromTorch(tensor.dtype)
                    ?? throw new CheckpointException(
                        $"{path}: tensor {name} is of type {tensor.dtype}, which a checkpoint does not hold"
                    );
                writer.WriteStartObject(name);
                writer.WriteString("dtype", type.SafetensorsName());
                writer.WriteStartArray("shape");
                foreach (var size in tensor.shape)
                    writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                offset += tensor.numel() * type.Size();
                writer.WriteNumberValue(offset);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        while (json.Length % Alignment != 0)
            json.WriteByte((byte)' ');

        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        file.Write(length);
        json.WriteTo(file);
    }

    private static void WriteBytes(Stream file, Tensor tensor)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("safetensors files are written on little-endian machines");
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var flat = tensor.cpu().contiguous().view(-1);
        var count = flat.numel();
        for (long first = 0; first < count; first += ElementsPerWrite)
            file.Write(flat.narrow(0, first, Math.Min(ElementsPerWrite, count - first)).bytes);
    }
}
