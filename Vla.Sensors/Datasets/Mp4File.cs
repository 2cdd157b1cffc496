using System.Buffers.Binary;
using System.Text;
using Vla.Sensors.Text;

namespace Vla.Sensors.Datasets;

/// <summary>Which pictures a video file holds, where they lie and when they are shown (ISO/IEC 14496-12).</summary>
/// <remarks>It knows files of one track of one encoder, whose pictures lie in the order they are shown.</remarks>
internal sealed class Mp4File
{
    private const int LargestIndex = 256 << 20;
    private const int MostPictures = 1 << 26;

    /// <summary>
    /// Bytes of a description of pictures up to their size: the codec is at 12, width and height at 40.
    /// </summary>
    private const int EntrySize = 44;

    private readonly int[] _sizes;
    private readonly long[] _places;
    private readonly double[] _times;
    private readonly HashSet<int> _keys;

    private Mp4File(string path)
    {
        Path = path;
        WaitingFile.Refuse(path);
        using var file = File.OpenRead(path);
        byte[]? type = null,
            movie = null;
        while (Mp4Box.ReadHeader(file) is { } box)
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

        Type = type ?? throw Damaged("it has no file type");
        Movie = movie ?? throw Damaged("it has no movie box");
        if (Tracks() != 1)
            throw Damaged($"it has {Tracks()} tracks, not one");
        _sizes = Sizes(Find(Movie, "stsz"), file.Length);
        _places = Places(file.Length);
        _times = Times();

        // Without a table of them, all pictures are key pictures.
        var keys = Mp4Box.TryFind(Movie, "stss");
        _keys = keys.IsEmpty ? [.. Enumerable.Range(1, _sizes.Length)] : [.. Numbers(keys, 8, Mp4Box.Number(keys, 4))];
    }

    public string Path { get; }

    /// <summary>The box that says what kind of file it is.</summary>
    public byte[] Type { get; }

    /// <summary>The box with all tables.</summary>
    public byte[] Movie { get; }

    public int Pictures => _sizes.Length;

    /// <summary>Bytes of each picture.</summary>
    public IReadOnlyList<int> PictureSizes => _sizes;

    /// <summary>True when a picture is whole by itself, counted from 0.</summary>
    public bool IsKey(int picture) => _keys.Contains(picture + 1);

    /// <summary>When a picture is shown, seconds.</summary>
    public double TimeOf(int picture) => _times[picture];

    /// <summary>Ticks a second of its clock.</summary>
    public int TimeScale(string clock) => Mp4Box.Number(Find(Movie, clock), 12);

    /// <exception cref="DatasetException">It is damaged, or of another kind.</exception>
    public static Mp4File Open(string path)
    {
        try
        {
            return new Mp4File(path);
        }
        catch (Exception exception)
            when (exception is IOException or ArgumentException or OverflowException or UnauthorizedAccessException)
        {
            throw new DatasetException($"video '{path}' is damaged: {exception.Message}", exception);
        }
    }

    /// <summary>The first picture of a run that is shown from a time on, one picture a period.</summary>
    /// <param name="from">Seconds.</param>
    /// <param name="count">Pictures.</param>
    /// <param name="fps">A second.</param>
    /// <param name="tolerance">How far each may be from its time, seconds.</param>
    /// <returns>Null when there is no such run, or when it does not begin with a whole picture.</returns>
    public int? FindRun(double from, int count, double fps, double tolerance)
    {
        var first = Array.FindIndex(_times, time => Math.Abs(time - from) <= tolerance);
        if (first < 0 || first + count > _times.Length || !IsKey(first))
            return null;
        for (var i = 0; i < count; i++)
        {
            if (Math.Abs(_times[first + i] - (from + i / fps)) > tolerance)
                return null;
        }

        return first;
    }

    /// <summary>True when both were encoded in the same way, so that one can follow the other.</summary>
    public bool Fits(Mp4File first)
    {
        var mine = Find(Movie, "stsd");
        var theirs = first.Find(first.Movie, "stsd");
        return mine.Length >= EntrySize
            && theirs.Length >= EntrySize
            && mine.Slice(12, 4).SequenceEqual(theirs.Slice(12, 4))
            && mine.Slice(40, 4).SequenceEqual(theirs.Slice(40, 4))
            && Setup(mine).SequenceEqual(Setup(theirs));
    }

    /// <summary>Writes the bytes of some pictures.</summary>
    public void CopyPictures(int from, int count, Stream output)
    {
        using var file = File.OpenRead(Path);
        var buffer = new byte[1 << 16];
        for (var picture = from; picture < from + count; )
        {
            // Neighbours are read together.
            var bytes = 0L;
            file.Position = _places[picture];
            do bytes += _sizes[picture++];
            while (picture < from + count && _places[picture] == file.Position + bytes);
            while (bytes > 0)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(bytes, buffer.Length));
                file.ReadExactly(part);
                output.Write(part);
                bytes -= part.Length;
            }
        }
    }

    public DatasetException Damaged(string why) => new($"video '{Path}' is damaged: {why}");

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
            return Mp4Box.Part(ref rest);
        }

        return default;
    }

    private int Tracks()
    {
        var tracks = 0;
        for (ReadOnlySpan<byte> rest = Movie.AsSpan(Mp4Box.HeaderSize); rest.Length >= Mp4Box.HeaderSize; )
            tracks += Mp4Box.NameOf(Mp4Box.Part(ref rest)) == "trak" ? 1 : 0;
        return tracks;
    }

    /// <summary>Where each picture begins in the file.</summary>
    private long[] Places(long length)
    {
        var chunks = Chunks();
        var runs = Find(Movie, "stsc");
        var entries = Numbers(runs, 8, checked(3 * Mp4Box.Number(runs, 4)));
        var places = new long[_sizes.Length];
        var (entry, picture) = (0, 0);
        for (var chunk = 0; chunk < chunks.Length && picture < places.Length; chunk++)
        {
            while (3 * (entry + 1) < entries.Length && entries[3 * (entry + 1)] <= chunk + 1)
                entry++;
            if (entries.Length == 0 || entries[3 * entry + 2] != 1)
                throw Damaged("its pictures are of several encoders");
            var place = chunks[chunk];
            for (var left = entries[3 * entry + 1]; left > 0 && picture < places.Length; left--)
            {
                places[picture] = place;
                place += _sizes[picture++];
            }

            if (chunks[chunk] < 0 || place > length)
                throw Damaged("its pictures lie beyond its end");
        }

        return picture == places.Length ? places : throw Damaged("it does not say where all its pictures are");
    }

    private long[] Chunks()
    {
        var table = Mp4Box.TryFind(Movie, "stco");
        if (!table.IsEmpty)
        {
            var count = Mp4Box.Number(table, 4);
            if (count < 0 || count > (table.Length - 8) / sizeof(int))
                throw Damaged("a table claims more than it holds");
            var chunks = new long[count];
            for (var i = 0; i < count; i++)
                chunks[i] = (uint)Mp4Box.Number(table, 8 + sizeof(int) * i);
            return chunks;
        }

        table = Find(Movie, "co64");
        var places = new long[Math.Min(Mp4Box.Number(table, 4), (table.Length - 8) / sizeof(long))];
        for (var i = 0; i < places.Length; i++)
            places[i] = BinaryPrimitives.ReadInt64BigEndian(table[(8 + sizeof(long) * i)..]);
        return places;
    }

    /// <summary>When each picture is shown, seconds.</summary>
    private double[] Times()
    {
        var ticks = Runs(Find(Movie, "stts"), areSums: true);
        var delays = Mp4Box.TryFind(Movie, "ctts");
        if (!delays.IsEmpty)
        {
            var waits = Runs(delays, areSums: false);
            for (var i = 0; i < ticks.Length; i++)
                ticks[i] += waits[i];
            for (var i = 1; i < ticks.Length; i++)
            {
                if (ticks[i] <= ticks[i - 1])
                    throw Damaged("its pictures are not in the order they are shown");
            }
        }

        var begin = Begin();
        double scale = TimeScale("mdhd");
        return scale > 0 ? [.. ticks.Select(tick => (tick - begin) / scale)] : throw Damaged("its clock stands still");
    }

    /// <summary>Which moment of its clock is shown first.</summary>
    private long Begin()
    {
        var edits = Mp4Box.TryFind(Movie, "edts");
        if (edits.IsEmpty)
            return 0;
        var list = Mp4Box.Part(ref edits)[Mp4Box.HeaderSize..];
        if (Mp4Box.VersionOf(list) != 0 || Mp4Box.Number(list, 4) != 1 || Mp4Box.Number(list, 12) < 0)
            throw Damaged("it is put together of several parts");
        return Mp4Box.Number(list, 12);
    }

    /// <summary>A number for each picture, of a table that says how many have the same.</summary>
    private long[] Runs(ReadOnlySpan<byte> table, bool areSums)
    {
        var values = new long[_sizes.Length];
        var (picture, sum) = (0, 0L);
        var entries = Math.Min(Mp4Box.Number(table, 4), (table.Length - 8) / (2 * sizeof(int)));
        for (var i = 0; i < entries; i++)
        {
            var value = Mp4Box.Number(table, 8 + 8 * i + 4);
            for (var left = Mp4Box.Number(table, 8 + 8 * i); left > 0 && picture < values.Length; left--)
            {
                values[picture++] = areSums ? sum : value;
                sum += value;
            }
        }

        return picture == values.Length ? values : throw Damaged("it does not say when all its pictures are shown");
    }

    /// <summary>Bytes of each picture; their number is believed only as far as the file's size allows.</summary>
    private int[] Sizes(ReadOnlySpan<byte> table, long most)
    {
        var (one, count) = (Mp4Box.Number(table, 4), Mp4Box.Number(table, 8));
        if (one < 0 || count is < 0 or > MostPictures || (one > 0 && (long)one * count > most))
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
            numbers[i] = Mp4Box.Number(table, from + sizeof(int) * i);
            if (numbers[i] < 0)
                throw Damaged("a table has numbers below 0");
        }

        return numbers;
    }

    private ReadOnlySpan<byte> Find(ReadOnlySpan<byte> box, string name)
    {
        var found = Mp4Box.TryFind(box, name);
        return found.IsEmpty ? throw Damaged($"it has no {name} box") : found;
    }
}
