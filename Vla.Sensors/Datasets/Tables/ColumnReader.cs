using System.Buffers.Binary;

namespace Vla.Sensors.Datasets.Tables;

/// <summary>Reads a column of one row group, page by page.</summary>
/// <remarks>
/// <para>
/// Written here although Parquet.Net reads too: that believes every number it finds, so that a damaged file makes it
/// take memory without end or go round for ever, fills what is missing with what was in memory, and leaves it to its
/// user to find out where nulls were. Here a bound is known before anything is allocated.
/// </para>
/// <para>Source: apache/parquet-format, <c>README.md</c> and <c>Encodings.md</c>.</para>
/// </remarks>
internal static class ColumnReader
{
    /// <summary>Entries that a column may have in any file.</summary>
    private const long FewEntries = 1 << 20;

    /// <summary>And for each byte of the file.</summary>
    private const long EntriesPerByte = 16;

    private const int MostEntries = 1 << 28;

    /// <summary>More values, nulls and empty lists than a column can have in a file of some bytes.</summary>
    public static long MostEntriesIn(long bytes) => Math.Min(MostEntries, FewEntries + EntriesPerByte * bytes);

    /// <param name="file">The whole file.</param>
    /// <param name="leaf">The column.</param>
    /// <param name="chunk">Its part in the row group.</param>
    /// <param name="rows">Rows of the row group.</param>
    /// <param name="decoder">Of its values.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static ParquetValues<T> Read<T>(
        Stream file,
        ParquetLeaf leaf,
        ParquetChunk chunk,
        int rows,
        ValueDecoder<T> decoder
    )
    {
        var most = MostEntriesIn(file.Length);
        if (chunk.Values > most || rows > most)
            throw new InvalidDataException(
                $"column {leaf.Name} claims to have {Math.Max(chunk.Values, rows):N0} values, in a file of "
                    + $"{file.Length:N0} bytes"
            );
        if (chunk.Start < 0 || chunk.Size < 0 || chunk.Size > Array.MaxLength || chunk.Start > file.Length - chunk.Size)
            throw new InvalidDataException($"column {leaf.Name} lies beyond its end");
        var bytes = new byte[chunk.Size];
        file.Position = chunk.Start;
        file.ReadExactly(bytes);

        var pages = new Pages<T>(leaf, chunk, decoder);
        ReadOnlySpan<byte> rest = bytes;
        while (pages.Filled < chunk.Values)
        {
            if (rest.IsEmpty)
                throw new InvalidDataException(
                    $"column {leaf.Name} has {pages.Filled:N0} of its {chunk.Values:N0} values"
                );
            rest = pages.Take(rest);
        }

        return pages.Assemble(rows);
    }

    private sealed class Pages<T>(ParquetLeaf leaf, ParquetChunk chunk, ValueDecoder<T> decoder)
    {
        private readonly T[] _values = new T[chunk.Values];
        private readonly int[]? _definition = leaf.Levels.Definition > 0 ? new int[chunk.Values] : null;
        private readonly int[]? _repetition = leaf.Levels.Repetition > 0 ? new int[chunk.Values] : null;
        private T[]? _dictionary;

        /// <summary>Entries read so far.</summary>
        public int Filled { get; private set; }

        /// <summary>Values that are there; nulls take no place among them.</summary>
        private int _present;

        /// <returns>What follows the page.</returns>
        public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes)
        {
            var header = PageHeader.Read(bytes, out var length);
            var rest = bytes[length..];
            if (header.PackedSize > rest.Length)
                throw new InvalidDataException($"a page of column {leaf.Name} is cut off");
            var body = rest[..header.PackedSize];
            switch (header.Type)
            {
                case PageType.Dictionary:
                    TakeDictionary(header, body);
                    break;
                case PageType.Data:
                    TakeData(header, PageUnpacker.Unpack(chunk.Codec, body, header.Size));
                    break;
                case PageType.DataV2:
                    TakeDataV2(header, body);
                    break;
                default: // an index: of use to those who search
                    break;
            }

            return rest[header.PackedSize..];
        }

        public ParquetValues<T> Assemble(int rows)
        {
            var (isElement, isThere) = (leaf.Levels.Element, leaf.Levels.Definition);
            var starts = new int[rows + 1];
            var (row, element, present) = (0, 0, 0);
            var spread = _present == chunk.Values ? _values : new T[chunk.Values];
            bool[]? nulls = null;
            for (var i = 0; i < chunk.Values; i++)
            {
                if (_repetition is null || _repetition[i] == 0)
                {
                    if (row == rows)
                        throw new InvalidDataException(
                            $"column {leaf.Name} has more rows than the {rows:N0} there are"
                        );
                    starts[row++] = element;
                }
                else if (row == 0)
                {
                    throw new InvalidDataException($"column {leaf.Name} begins within a row");
                }

                var level = _definition is null ? isThere : _definition[i];
                if (level < isElement)
                    continue;
                if (level == isThere)
                    spread[element] = _values[present++];
                else
                    (nulls ??= new bool[chunk.Values])[element] = true;
                element++;
            }

            if (row != rows)
                throw new InvalidDataException($"column {leaf.Name} has {row:N0} of the {rows:N0} rows there are");
            starts[rows] = element;
            return new ParquetValues<T>(element == spread.Length ? spread : spread[..element], starts, nulls);
        }

        private void TakeDictionary(in PageHeader header, ReadOnlySpan<byte> body)
        {
            if (_dictionary is not null)
                throw new InvalidDataException($"column {leaf.Name} has two dictionaries");
            var page = PageUnpacker.Unpack(chunk.Codec, body, header.Size);
            // A value takes a bit at least, a text four bytes.
            if (header.Values > 8L * page.Length)
                throw new InvalidDataException(
                    $"the dictionary of column {leaf.Name} claims {header.Values:N0} values"
                );
            _dictionary = new T[header.Values];
            decoder.Plain(page, _dictionary);
        }

        private void TakeData(in PageHeader header, ReadOnlySpan<byte> page)
        {
            RequireRoom(header);
            if (_repetition is not null)
                page = page[Levels(page, leaf.Levels.Repetition, _repetition.AsSpan(Filled, header.Values))..];
            if (_definition is not null)
                page = page[Levels(page, leaf.Levels.Definition, _definition.AsSpan(Filled, header.Values))..];
            TakeValues(header, page);
        }

        private void TakeDataV2(in PageHeader header, ReadOnlySpan<byte> body)
        {
            RequireRoom(header);
            var levels = header.RepetitionSize + header.DefinitionSize;
            if (levels < 0 || levels > body.Length || levels > header.Size)
                throw new InvalidDataException($"a page of column {leaf.Name} is cut off");
            if (_repetition is not null)
                Decode(
                    body[..header.RepetitionSize],
                    leaf.Levels.Repetition,
                    _repetition.AsSpan(Filled, header.Values)
                );
            if (_definition is not null)
                Decode(
                    body[header.RepetitionSize..levels],
                    leaf.Levels.Definition,
                    _definition.AsSpan(Filled, header.Values)
                );
            TakeValues(
                header,
                header.IsPacked
                    ? PageUnpacker.Unpack(chunk.Codec, body[levels..], header.Size - levels)
                    : body[levels..]
            );
        }

        private void RequireRoom(in PageHeader header)
        {
            if (header.Values > chunk.Values - Filled)
                throw new InvalidDataException($"column {leaf.Name} has more than its {chunk.Values:N0} values");
        }

        private void TakeValues(in PageHeader header, ReadOnlySpan<byte> bytes)
        {
            var count = header.Values;
            if (_definition is not null)
            {
                foreach (var level in _definition.AsSpan(Filled, header.Values))
                {
                    if (level != leaf.Levels.Definition)
                        count--;
                }
            }

            var into = _values.AsSpan(_present, count);
            if (header.Encoding is ParquetEncoding.RleDictionary or ParquetEncoding.PlainDictionary)
                LookUp(bytes, into);
            else if (header.Encoding == ParquetEncoding.Plain)
                decoder.Plain(bytes, into);
            else
                decoder.Encoded(header.Encoding, bytes, into);
            Filled += header.Values;
            _present += count;
        }

        private void LookUp(ReadOnlySpan<byte> bytes, Span<T> into)
        {
            if (into.IsEmpty)
                return;
            if (_dictionary is null || bytes.IsEmpty)
                throw new InvalidDataException($"column {leaf.Name} lacks its dictionary");
            var places = new int[into.Length];
            HybridRuns.Decode(bytes[1..], bytes[0], places);
            for (var i = 0; i < places.Length; i++)
            {
                into[i] =
                    (uint)places[i] < (uint)_dictionary.Length
                        ? _dictionary[places[i]]
                        : throw new InvalidDataException(
                            $"column {leaf.Name} has a value that is not in its dictionary"
                        );
            }
        }

        /// <returns>Bytes they took.</returns>
        private static int Levels(ReadOnlySpan<byte> page, int most, Span<int> into)
        {
            if (page.Length < sizeof(int))
                throw new InvalidDataException("a page is cut off");
            var length = BinaryPrimitives.ReadInt32LittleEndian(page);
            if (length < 0 || length > page.Length - sizeof(int))
                throw new InvalidDataException("a page is cut off");
            Decode(page.Slice(sizeof(int), length), most, into);
            return sizeof(int) + length;
        }

        private static void Decode(ReadOnlySpan<byte> bytes, int most, Span<int> into)
        {
            HybridRuns.Decode(bytes, 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)most), into);
            foreach (var level in into)
            {
                if ((uint)level > (uint)most)
                    throw new InvalidDataException("a level is deeper than its column");
            }
        }
    }
}
