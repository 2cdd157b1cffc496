namespace Vla.Sensors.Datasets.Tables;

/// <summary>What stands before a page of a column.</summary>
/// <param name="Type">What is in it.</param>
/// <param name="Size">Bytes once unpacked.</param>
/// <param name="PackedSize">Bytes as it is in the file.</param>
/// <param name="Values">Its entries, nulls included.</param>
/// <param name="Encoding">Of its values.</param>
/// <param name="DefinitionSize">Bytes of its definition levels; only of <see cref="PageType.DataV2"/>.</param>
/// <param name="RepetitionSize">Bytes of its repetition levels; only of <see cref="PageType.DataV2"/>.</param>
/// <param name="IsPacked">Whether its values are packed; only of <see cref="PageType.DataV2"/>, whose levels never
/// are.</param>
internal readonly record struct PageHeader(
    PageType Type,
    int Size,
    int PackedSize,
    int Values,
    ParquetEncoding Encoding,
    int DefinitionSize,
    int RepetitionSize,
    bool IsPacked
)
{
    /// <param name="bytes">From its beginning on.</param>
    /// <param name="length">Bytes it took.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static PageHeader Read(ReadOnlySpan<byte> bytes, out int length)
    {
        var reader = new ThriftReader(bytes);
        var header = new PageHeader
        {
            Size = -1,
            PackedSize = -1,
            Values = -1,
            IsPacked = true,
        };
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            switch (id, type)
            {
                case (1, ThriftReader.I32):
                    header = header with { Type = (PageType)reader.Number(most: (int)PageType.DataV2) };
                    break;
                case (2, ThriftReader.I32):
                    header = header with { Size = reader.Number() };
                    break;
                case (3, ThriftReader.I32):
                    header = header with { PackedSize = reader.Number() };
                    break;
                case (5 or 7, ThriftReader.Struct):
                    header = ReadValues(ref reader, header, encodingId: 2);
                    break;
                case (8, ThriftReader.Struct):
                    header = ReadValues(ref reader, header, encodingId: 4);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        length = reader.Position;
        if (header.Size < 0 || header.PackedSize < 0 || (header.Values < 0 && header.Type != PageType.Index))
            throw new InvalidDataException("a page does not say how large it is");
        return header;
    }

    private static PageHeader ReadValues(ref ThriftReader reader, PageHeader header, int encodingId)
    {
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            if (id == 1 && type == ThriftReader.I32)
                header = header with { Values = reader.Number() };
            else if (id == encodingId && type == ThriftReader.I32)
                header = header with { Encoding = (ParquetEncoding)reader.Number() };
            else if (encodingId == 4 && id == 5 && type == ThriftReader.I32)
                header = header with { DefinitionSize = reader.Number() };
            else if (encodingId == 4 && id == 6 && type == ThriftReader.I32)
                header = header with { RepetitionSize = reader.Number() };
            else if (encodingId == 4 && id == 7 && type is ThriftReader.True or ThriftReader.False)
                header = header with { IsPacked = type == ThriftReader.True };
            else
                reader.Skip(type);
        }

        return header;
    }
}

/// <summary>What a page holds.</summary>
internal enum PageType
{
    Data,
    Index,
    Dictionary,
    DataV2,
}
