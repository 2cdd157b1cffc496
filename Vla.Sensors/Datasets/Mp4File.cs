using System.Buffers.Binary;
using System.Text;
using Vla.Sensors.Text;

namespace Vla.Sensors.Datasets;

/// <summary>Puts videos of one encoder one after the other without encoding them again (ISO/IEC 14496-12).</summary>
/// <remarks>
/// It knows what FFmpeg makes of one video without pictures that wait for later ones: one track, its samples in one
/// piece and in the order they are shown, every picture as long as the others. The tables that say where samples begin
/// are written anew and before the pictures, so that a browser can begin at once; the rest is kept.
/// </remarks>
internal sealed class Mp4File
{
    private const int LargestIndex = 256 << 20;
    private const int HeaderSize = 8;

    /// <summary>
    /// Bytes of a description of pictures up to their size: the codec is at 12, width and height at 40.
    /// </summary>
    private const int EntrySize = 44;

    private static readonly string[] Containers = ["moov", "trak", "mdia", "minf", "stbl"];

    private readonly string _path;
    private readonly byte[] _type;
    private readonly byte[] _movie;
    private readonly int[] _sizes;
    private readonly int[] _keyPictures;
    private readonly long _start;

    private Mp4File(string path)
    {
        _path = path;
        WaitingFile.Refuse(path);
        using var file = File.OpenRead(path);
        byte[]? type = null,
            movie = null;
        while (ReadHeader(file) is { } box)
        {
            if (box.Name is "ftyp" or "moov")
            {
                if (box.End - box.Begin > LargestIndex)
                    throw Damaged($"its {box.Name} box is too large");
                var bytes = new byte[box.End - box.Begin];
                file.Position = box.Begin;
                file.ReadExactly(bytes);
                if (box.Name == "ftyp")
                    type = bytes;
                else
                    movie = bytes;
            }

            file.Position = box.End;
        }

        _type = type ?? throw Damaged("it has no file type");
        _movie = movie ?? throw Damaged("it has no movie box");
        var table = Find(_movie, "stsz");
        _sizes = Sizes(table, file.Length);

        // Without a table of them, all pictures are key pictures.
        var keys = TryFind(_movie, "stss");
        _keyPictures = keys.IsEmpty ? [.. Enumerable.Range(1, _sizes.Length)] : Numbers(keys, 8, Number(keys, 4));

        var chunks = TryFind(_movie, "stco");
        _start = chunks.IsEmpty
            ? BinaryPrimitives.ReadInt64BigEndian(Find(_movie, "co64")[8..])
            : (uint)Number(chunks, 8);
        if (_start < 0 || _start > file.Length - _sizes.Sum(size => (long)size))
            throw Damaged("its pictures lie beyond its end");
    }

    /// <summary>Writes a video with the pictures of others, which must be of one size, rate and encoder.</summary>
    /// <param name="parts">In the order they shall be shown.</param>
    /// <param name="output">Another file; overwritten.</param>
    /// <param name="fps">Pictures a second.</param>
    /// <exception cref="DatasetException">One is damaged.</exception>
    public static void Concatenate(IReadOnlyList<string> parts, string output, int fps)
    {
        try
        {
            var videos = parts.Select(part => new Mp4File(part)).ToArray();
            using var file = File.Create(output);
            foreach (var video in videos)
                video.RequireFit(videos[0]);
            file.Write(videos[0]._type);
            // Its length does not depend on the places that are written into it.
            var start = videos[0]._type.Length + new Tables(videos, 0, fps).Movie().Length + 16L;
            file.Write(new Tables(videos, start, fps).Movie());
            Span<byte> header = stackalloc byte[16];
            BinaryPrimitives.WriteInt32BigEndian(header, 1);
            "mdat"u8.CopyTo(header[4..]);
            BinaryPrimitives.WriteInt64BigEndian(
                header[8..],
                header.Length + videos.Sum(video => video._sizes.Sum(size => (long)size))
            );
            file.Write(header);
            foreach (var video in videos)
                video.CopySamples(file);
        }
        catch (Exception exception) when (exception is EndOfStreamException or ArgumentException or OverflowException)
        {
            throw new DatasetException($"a video cannot be added to '{output}': it is damaged", exception);
        }
    }

    private void RequireFit(Mp4File first)
    {
        var mine = Find(_movie, "stsd");
        var theirs = first.Find(first._movie, "stsd");
        if (
            mine.Length < EntrySize
            || theirs.Length < EntrySize
            || !mine.Slice(12, 4).SequenceEqual(theirs.Slice(12, 4))
            || !mine.Slice(40, 4).SequenceEqual(theirs.Slice(40, 4))
            || !Setup(mine).SequenceEqual(Setup(theirs))
        )
        {
            throw Damaged("it was encoded in another way than those before it");
        }

        if (!TryFind(_movie, "ctts").IsEmpty)
            throw Damaged("its pictures are not in the order they are shown");
    }

    /// <summary>
    /// What a decoder of H.264 or AV1 is set up with; empty for others. (Beside it are bit rates, which are each file's
    /// own.)
    /// </summary>
    private static ReadOnlySpan<byte> Setup(ReadOnlySpan<byte> description)
    {
        foreach (var name in (ReadOnlySpan<string>)["avcC", "av1C"])
        {
            var at = description.IndexOf(Encoding.ASCII.GetBytes(name)) - sizeof(int);
            if (at < 0)
                continue;
            var rest = description[at..];
            return Part(ref rest);
        }

        return default;
    }

    private void CopySamples(Stream output)
    {
        using var file = File.OpenRead(_path);
        file.Position = _start;
        var left = _sizes.Sum(size => (long)size);
        var buffer = new byte[1 << 16];
        while (left > 0)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            file.ReadExactly(part);
            output.Write(part);
            left -= part.Length;
        }
    }

    /// <summary>Bytes of each picture; their number is believed only as far as the file's size allows.</summary>
    private int[] Sizes(ReadOnlySpan<byte> table, long most)
    {
        var (one, count) = (Number(table, 4), Number(table, 8));
        if (one < 0 || count < 0 || (one > 0 && (long)one * count > most))
            throw Damaged("it claims more pictures than it holds");
        if (one == 0)
            return Numbers(table, 12, count);
        var sizes = new int[count];
        Array.Fill(sizes, one);
        return sizes;
    }

    /// <summary>Numbers of a table, none of which is below 0.</summary>
    private int[] Numbers(ReadOnlySpan<byte> table, int from, int count)
    {
        if (count < 0 || count > (table.Length - from) / sizeof(int))
            throw Damaged("a table claims more than it holds");
        var numbers = new int[count];
        for (var i = 0; i < count; i++)
        {
            numbers[i] = Number(table, from + sizeof(int) * i);
            if (numbers[i] < 0)
                throw Damaged("a table has numbers below 0");
        }

        return numbers;
    }

    private static (string Name, long Begin, long End)? ReadHeader(FileStream file)
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

    private static int Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);

    private ReadOnlySpan<byte> Find(ReadOnlySpan<byte> box, string name)
    {
        var found = TryFind(box, name);
        return found.IsEmpty ? throw Damaged($"it has no {name} box") : found;
    }

    /// <summary>The content of the first box of a name within a container box.</summary>
    private static ReadOnlySpan<byte> TryFind(ReadOnlySpan<byte> box, string name)
    {
        for (var rest = box[HeaderSize..]; rest.Length >= HeaderSize; )
        {
            var part = Part(ref rest);
            var partName = Encoding.ASCII.GetString(part[4..8]);
            if (partName == name)
                return part[8..];
            // Each container holds the next one of the list, so that there is an end to it.
            if (
                !Containers.Contains(partName)
                || Array.IndexOf(Containers, partName) <= Array.IndexOf(Containers, NameOf(box))
            )
                continue;
            var found = TryFind(part, name);
            if (!found.IsEmpty)
                return found;
        }

        return default;
    }

    private static string NameOf(ReadOnlySpan<byte> box) => Encoding.ASCII.GetString(box[4..HeaderSize]);

    /// <summary>Takes the first of the boxes that lie one after the other.</summary>
    private static ReadOnlySpan<byte> Part(scoped ref ReadOnlySpan<byte> rest)
    {
        var length = Number(rest, 0);
        if (length < HeaderSize || length > rest.Length)
            throw new EndOfStreamException();
        var part = rest[..length];
        rest = rest[length..];
        return part;
    }

    private DatasetException Damaged(string why) => new($"video '{_path}' is damaged: {why}");

    /// <summary>The movie box of a joined file: the first part's, with tables for all samples.</summary>
    private sealed class Tables(Mp4File[] videos, long start, int fps)
    {
        private readonly int[] _sizes = [.. videos.SelectMany(video => video._sizes)];

        public byte[] Movie() => Rebuild(videos[0]._movie, 0);

        private byte[] Rebuild(ReadOnlySpan<byte> box, int depth)
        {
            var name = NameOf(box);
            if (Array.IndexOf(Containers, name) != depth)
                return Leaf(name, box);
            var content = new MemoryStream();
            for (var rest = box[HeaderSize..]; rest.Length >= HeaderSize; )
                content.Write(Rebuild(Part(ref rest), depth + 1));

            return Box(name, content.ToArray());
        }

        private byte[] Leaf(string name, ReadOnlySpan<byte> box) =>
            name switch
            {
                "stts" => Box(name, Numbers(0, 1, _sizes.Length, Period())),
                "stsz" => Box(name, Numbers([0, 0, _sizes.Length, .. _sizes])),
                "stsc" => Box(name, Numbers(0, 1, 1, _sizes.Length, 1)),
                "stss" => Box(name, KeyPictures()),
                "stco" or "co64" => Box("co64", [.. Numbers(0, 1), .. Numbers((int)(start >> 32), (int)start)]),
                "mvhd" or "mdhd" => WithDuration(box, name),
                "tkhd" => WithTrackDuration(box),
                "edts" or "sdtp" or "sbgp" or "sgpd" => [],
                _ => box.ToArray(),
            };

        private byte[] KeyPictures()
        {
            var keys = new List<int>();
            var before = 0;
            foreach (var video in videos)
            {
                keys.AddRange(video._keyPictures.Select(key => key + before));
                before += video._sizes.Length;
            }

            return Numbers([0, keys.Count, .. keys]);
        }

        private byte[] WithDuration(ReadOnlySpan<byte> box, string name)
        {
            var changed = box.ToArray();
            BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(24), Duration(name));
            return changed;
        }

        private byte[] WithTrackDuration(ReadOnlySpan<byte> box)
        {
            var changed = box.ToArray();
            BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(28), Duration("mvhd"));
            return changed;
        }

        private int Duration(string clock) =>
            checked((int)((long)_sizes.Length * TimeScale(videos[0]._movie, clock) / fps));

        private int Period() =>
            Math.DivRem(TimeScale(videos[0]._movie, "mdhd"), fps) is var (period, rest) && period > 0 && rest == 0
                ? period
                : throw videos[0].Damaged($"its clock does not divide into {fps} pictures a second");

        private int TimeScale(byte[] movie, string clock) => Number(videos[0].Find(movie, clock), 12);

        private static byte[] Box(string name, byte[] content)
        {
            var box = new byte[8 + content.Length];
            BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
            Encoding.ASCII.GetBytes(name, box.AsSpan(4));
            content.CopyTo(box, 8);
            return box;
        }

        private static byte[] Numbers(params ReadOnlySpan<int> values)
        {
            var bytes = new byte[4 * values.Length];
            for (var i = 0; i < values.Length; i++)
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * i), values[i]);
            return bytes;
        }
    }
}
