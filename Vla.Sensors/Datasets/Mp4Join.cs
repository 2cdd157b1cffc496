using System.Buffers.Binary;
using System.Text;

namespace Vla.Sensors.Datasets;

/// <summary>Some neighbouring pictures of a video file.</summary>
/// <param name="File">The file.</param>
/// <param name="From">The first, counted from 0; whole by itself.</param>
/// <param name="Count">How many.</param>
internal readonly record struct Mp4Part(Mp4File File, int From, int Count);

/// <summary>
/// Puts pictures of videos of one encoder one after the other without encoding them again (ISO/IEC 14496-12).
/// </summary>
/// <remarks>
/// The tables that say where pictures begin and when they are shown are written anew and before the pictures, so that a
/// browser can begin at once; the rest is the first file's. Picture i is shown at i / fps.
/// </remarks>
internal static class Mp4Join
{
    /// <summary>Ticks a second where the clock of the first file does not divide into the rate.</summary>
    private const int FineScale = 90_000;

    /// <summary>Writes a video with all pictures of others, which must be of one size, rate and encoder.</summary>
    /// <param name="files">In the order they shall be shown.</param>
    /// <param name="output">Another file; overwritten.</param>
    /// <param name="fps">Pictures a second.</param>
    /// <exception cref="DatasetException">One is damaged.</exception>
    public static void Write(IReadOnlyList<string> files, string output, double fps) =>
        Write([.. files.Select(Mp4File.Open).Select(file => new Mp4Part(file, 0, file.Pictures))], output, fps);

    /// <summary>Writes a video with some pictures of others.</summary>
    /// <param name="parts">In the order they shall be shown.</param>
    /// <param name="output">Another file; overwritten.</param>
    /// <param name="fps">Pictures a second.</param>
    /// <exception cref="DatasetException">One is damaged.</exception>
    public static void Write(IReadOnlyList<Mp4Part> parts, string output, double fps)
    {
        try
        {
            if (parts.FirstOrDefault(part => !part.File.Fits(parts[0].File)).File is { } other)
                throw other.Damaged("it was encoded in another way than those before it");
            using var file = File.Create(output);
            var first = parts[0].File;
            file.Write(first.Type);
            // Its length does not depend on the places that are written into it.
            var start = first.Type.Length + new Tables(parts, 0, fps).Movie().Length + 16L;
            var tables = new Tables(parts, start, fps);
            file.Write(tables.Movie());
            Span<byte> header = stackalloc byte[16];
            BinaryPrimitives.WriteInt32BigEndian(header, 1);
            "mdat"u8.CopyTo(header[4..]);
            BinaryPrimitives.WriteInt64BigEndian(header[8..], header.Length + tables.Bytes);
            file.Write(header);
            foreach (var part in parts)
                part.File.CopyPictures(part.From, part.Count, file);
        }
        catch (Exception exception) when (exception is EndOfStreamException or ArgumentException or OverflowException)
        {
            throw new DatasetException($"a video cannot be added to '{output}': it is damaged", exception);
        }
    }

    /// <summary>The movie box of a joined file: the first part's, with tables for all pictures.</summary>
    private sealed class Tables(IReadOnlyList<Mp4Part> parts, long start, double fps)
    {
        private readonly int[] _sizes =
        [
            .. parts.SelectMany(part => part.File.PictureSizes.Skip(part.From).Take(part.Count)),
        ];

        private readonly int _scale =
            parts[0].File.TimeScale("mdhd") is var scale and > 0 && scale % fps == 0 ? scale : FineScale;

        public long Bytes => _sizes.Sum(size => (long)size);

        public byte[] Movie() => Rebuild(parts[0].File.Movie, 0);

        private byte[] Rebuild(ReadOnlySpan<byte> box, int depth)
        {
            var name = Mp4Box.NameOf(box);
            if (Mp4Box.IndexOf(name) != depth)
                return Leaf(name, box);
            var content = new MemoryStream();
            for (var rest = box[8..]; rest.Length >= 8; )
                content.Write(Rebuild(Mp4Box.Part(ref rest), depth + 1));

            return Box(name, content.ToArray());
        }

        private byte[] Leaf(string name, ReadOnlySpan<byte> box) =>
            name switch
            {
                "stts" => Box(name, Times()),
                "stsz" => Box(name, Numbers([0, 0, _sizes.Length, .. _sizes])),
                "stsc" => Box(name, Numbers(0, 1, 1, _sizes.Length, 1)),
                "stss" => Box(name, KeyPictures()),
                "stco" or "co64" => Box("co64", [.. Numbers(0, 1), .. Numbers((int)(start >> 32), (int)start)]),
                "mvhd" or "mdhd" => WithDuration(box, name),
                "tkhd" => WithTrackDuration(box),
                "edts" or "ctts" or "cslg" or "sdtp" or "sbgp" or "sgpd" => [],
                _ => box.ToArray(),
            };

        /// <summary>How long each picture is shown, in runs of as long: whole ticks that never add up.</summary>
        private byte[] Times()
        {
            List<int> runs = [];
            for (var i = 0; i < _sizes.Length; i++)
            {
                var ticks = checked((int)(Tick(i + 1) - Tick(i)));
                if (runs.Count > 0 && runs[^1] == ticks)
                    runs[^2]++;
                else
                    runs.AddRange([1, ticks]);
            }

            return Numbers([0, runs.Count / 2, .. runs]);
        }

        private long Tick(int picture) => (long)Math.Round(picture * (_scale / fps));

        private byte[] KeyPictures()
        {
            var keys = new List<int>();
            var before = 0;
            foreach (var part in parts)
            {
                for (var i = 0; i < part.Count; i++)
                {
                    if (part.File.IsKey(part.From + i))
                        keys.Add(before + i + 1);
                }

                before += part.Count;
            }

            return Numbers([0, keys.Count, .. keys]);
        }

        private byte[] WithDuration(ReadOnlySpan<byte> box, string name)
        {
            var changed = Plain(box);
            if (name == "mdhd")
                BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(20), _scale);
            BinaryPrimitives.WriteInt32BigEndian(
                changed.AsSpan(24),
                Duration(name == "mdhd" ? _scale : parts[0].File.TimeScale(name))
            );
            return changed;
        }

        private byte[] WithTrackDuration(ReadOnlySpan<byte> box)
        {
            var changed = Plain(box);
            BinaryPrimitives.WriteInt32BigEndian(changed.AsSpan(28), Duration(parts[0].File.TimeScale("mvhd")));
            return changed;
        }

        /// <summary>Of the usual version, whose times have 32 bits.</summary>
        private byte[] Plain(ReadOnlySpan<byte> box) =>
            Mp4Box.VersionOf(box[Mp4Box.HeaderSize..]) == 0
                ? box.ToArray()
                : throw parts[0].File.Damaged("its clocks are of a kind that is not known");

        private int Duration(int scale) => checked((int)(_sizes.Length * (double)scale / fps));

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
