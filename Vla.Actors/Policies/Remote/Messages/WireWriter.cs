using System.Numerics;
using System.Runtime.InteropServices;
using MessagePack;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>Writes numpy's arrays into a message, byte for byte as openpi's own code does.</summary>
internal static class WireWriter
{
    private const int KeysOfAnArray = 4;
    private const int Channels = 3;

    /// <summary>An array of float32.</summary>
    public static void WriteFloats(
        ref MessagePackWriter writer,
        scoped ReadOnlySpan<float> values,
        params scoped ReadOnlySpan<int> shape
    )
    {
        BeginArray(ref writer, values.Length * sizeof(float));
        var target = writer.GetSpan(values.Length * sizeof(float));
        MemoryMarshal.AsBytes(values).CopyTo(target);
        writer.Advance(values.Length * sizeof(float));
        EndArray(ref writer, "<f4", shape);
    }

    /// <summary>An array of float64.</summary>
    public static void WriteDoubles(
        ref MessagePackWriter writer,
        scoped ReadOnlySpan<float> values,
        params scoped ReadOnlySpan<int> shape
    )
    {
        BeginArray(ref writer, values.Length * sizeof(double));
        var target = MemoryMarshal.Cast<byte, double>(writer.GetSpan(values.Length * sizeof(double)));
        for (var i = 0; i < values.Length; i++)
            target[i] = values[i];
        writer.Advance(values.Length * sizeof(double));
        EndArray(ref writer, "<f8", shape);
    }

    /// <summary>A picture of bytes from values of 0 to 1.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="pixels">[height, width, 3], RGB.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channelsFirst">Written as [3, height, width].</param>
    public static void WritePicture(
        ref MessagePackWriter writer,
        ReadOnlySpan<float> pixels,
        int height,
        int width,
        bool channelsFirst
    )
    {
        BeginArray(ref writer, pixels.Length);
        ToPicture(pixels, writer.GetSpan(pixels.Length)[..pixels.Length], channelsFirst);
        writer.Advance(pixels.Length);
        EndArray(ref writer, "|u1", channelsFirst ? [Channels, height, width] : [height, width, Channels]);
    }

    /// <summary>The bytes of a picture of values of 0 to 1.</summary>
    /// <param name="pixels">[height, width, 3], RGB.</param>
    /// <param name="target">As many.</param>
    /// <param name="channelsFirst">Into [3, height, width].</param>
    public static void ToPicture(ReadOnlySpan<float> pixels, Span<byte> target, bool channelsFirst)
    {
        if (!channelsFirst)
        {
            ToBytes(pixels, target);
            return;
        }

        var plane = pixels.Length / Channels;
        for (var i = 0; i < plane; i++)
        {
            target[i] = ToByte(pixels[i * Channels]);
            target[plane + i] = ToByte(pixels[i * Channels + 1]);
            target[2 * plane + i] = ToByte(pixels[i * Channels + 2]);
        }
    }

    /// <summary>An array of float32 as GR00T's code packs it: a file of numpy's in a map.</summary>
    public static void WriteNumpyFile(
        ref MessagePackWriter writer,
        scoped ReadOnlySpan<float> values,
        params scoped ReadOnlySpan<int> shape
    )
    {
        var bytes = values.Length * sizeof(float);
        BeginNumpyFile(ref writer, "<f4", shape, bytes);
        MemoryMarshal.AsBytes(values).CopyTo(writer.GetSpan(bytes));
        writer.Advance(bytes);
    }

    /// <summary>All of it but the numbers, which follow.</summary>
    internal static void BeginNumpyFile(
        ref MessagePackWriter writer,
        string type,
        scoped ReadOnlySpan<int> shape,
        int dataLength
    )
    {
        var header = NumpyFile.HeaderOf(type, shape);
        writer.WriteMapHeader(2);
        writer.Write("__ndarray_class__");
        writer.Write(true);
        writer.Write("as_npy");
        writer.WriteBinHeader(header.Length + dataLength);
        writer.WriteRaw(header);
    }

    private static void ToBytes(ReadOnlySpan<float> values, Span<byte> target)
    {
        var whole = 0;
        if (Vector.IsHardwareAccelerated)
        {
            var (of, half) = (new Vector<float>(byte.MaxValue), new Vector<float>(0.5f));
            var count = Vector<float>.Count;
            for (; whole + 4 * count <= values.Length; whole += 4 * count)
            {
                var low = Vector.Narrow(At(whole, values), At(whole + count, values));
                var high = Vector.Narrow(At(whole + 2 * count, values), At(whole + 3 * count, values));
                Vector.Narrow(low, high).CopyTo(target[whole..]);
            }

            Vector<uint> At(int place, ReadOnlySpan<float> all) =>
                Vector.AsVectorUInt32(
                    Vector.ConvertToInt32(
                        Vector.Max(Vector<float>.Zero, Vector.Min(of, new Vector<float>(all[place..]) * of + half))
                    )
                );
        }

        for (; whole < values.Length; whole++)
            target[whole] = ToByte(values[whole]);
    }

    private static byte ToByte(float value) => (byte)Math.Clamp(value * byte.MaxValue + 0.5f, 0, byte.MaxValue);

    // The keys are bytes, not text.
    private static void BeginArray(ref MessagePackWriter writer, int bytes)
    {
        writer.WriteMapHeader(KeysOfAnArray);
        writer.Write("__ndarray__"u8);
        writer.Write(true);
        writer.Write("data"u8);
        writer.WriteBinHeader(bytes);
    }

    private static void EndArray(ref MessagePackWriter writer, string type, scoped ReadOnlySpan<int> shape)
    {
        writer.Write("dtype"u8);
        writer.Write(type);
        writer.Write("shape"u8);
        writer.WriteArrayHeader(shape.Length);
        foreach (var length in shape)
            writer.Write(length);
    }
}
