using System.Buffers.Binary;
using System.Text;

namespace Vla.Sensors.Datasets;

/// <summary>The boxes that an MP4 file is made of: a length, a name, and a content (ISO/IEC 14496-12).</summary>
/// <remarks>
/// Sizes are never believed: what a box has not ends with an <see cref="EndOfStreamException"/> or an
/// <see cref="ArgumentException"/>.
/// </remarks>
internal static class Mp4Box
{
    /// <summary>Bytes of length and name.</summary>
    public const int HeaderSize = 8;

    /// <summary>Boxes on the way to the tables, each within the one before.</summary>
    public static readonly IReadOnlyList<string> Containers = ["moov", "trak", "mdia", "minf", "stbl"];

    /// <summary>The next box of a file, of whatever length, from its header on; null at the end.</summary>
    public static (string Name, long Begin, long End)? ReadHeader(FileStream file)
    {
        var begin = file.Position;
        Span<byte> header = stackalloc byte[16];
        if (file.Length - begin < 8)
            return null;
        file.ReadExactly(header[..8]);
        long size = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (size == 1)
        {
            file.ReadExactly(header[8..]);
            size = BinaryPrimitives.ReadInt64BigEndian(header[8..]);
        }

        if (size == 0)
            size = file.Length - begin;
        return size < HeaderSize || size > file.Length - begin
            ? throw new EndOfStreamException()
            : (Encoding.ASCII.GetString(header[4..8]), begin, begin + size);
    }

    /// <summary>A number of 32 bits.</summary>
    public static int Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);

    /// <summary>Of the content of a box that has versions.</summary>
    public static int VersionOf(ReadOnlySpan<byte> content) => Number(content, 0) >>> 24;

    /// <summary>The content of the first box of a name within a container box.</summary>
    public static ReadOnlySpan<byte> TryFind(ReadOnlySpan<byte> box, string name)
    {
        for (var rest = box[HeaderSize..]; rest.Length >= HeaderSize; )
        {
            var part = Part(ref rest);
            var partName = Encoding.ASCII.GetString(part[4..8]);
            if (partName == name)
                return part[8..];
            // Each container holds the next one of the list, so that there is an end to it.
            if (!Containers.Contains(partName) || IndexOf(partName) <= IndexOf(NameOf(box)))
                continue;
            var found = TryFind(part, name);
            if (!found.IsEmpty)
                return found;
        }

        return default;
    }

    /// <summary>How deep a box on the way to the tables is; -1 for others.</summary>
    public static int IndexOf(string name)
    {
        for (var i = 0; i < Containers.Count; i++)
        {
            if (Containers[i] == name)
                return i;
        }

        return -1;
    }

    public static string NameOf(ReadOnlySpan<byte> box) => Encoding.ASCII.GetString(box[4..HeaderSize]);

    /// <summary>Takes the first of the boxes that lie one after the other.</summary>
    public static ReadOnlySpan<byte> Part(scoped ref ReadOnlySpan<byte> rest)
    {
        var length = Number(rest, 0);
        if (length < HeaderSize || length > rest.Length)
            throw new EndOfStreamException();
        var part = rest[..length];
        rest = rest[length..];
        return part;
    }
}
