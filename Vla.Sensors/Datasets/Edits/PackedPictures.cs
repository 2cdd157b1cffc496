using Parquet;
using Parquet.Schema;

namespace Vla.Sensors.Datasets.Edits;

/// <summary>A column of pictures as LeRobot keeps them: the packed bytes, and a path that is not used.</summary>
internal sealed class PackedPictures(string name, byte[][] pictures) : ParquetColumn(name, 0)
{
    private readonly StructField _schema = new(
        name,
        new DataField("bytes", typeof(byte[]), true),
        new DataField("path", typeof(string), true)
    );

    public override int Leaves => 2;

    public override Field Schema => _schema;

    public override Task WriteAsync(ParquetRowGroupWriter group, DataField field)
    {
        var definition = new int[pictures.Length];
        if (field.Name == "bytes")
        {
            Array.Fill(definition, field.MaxDefinitionLevel);
            return group.WriteAllPartsAsync<ReadOnlyMemory<byte>>(
                field,
                pictures.Select(picture => (ReadOnlyMemory<byte>)picture).ToArray(),
                definition,
                null,
                CancellationToken.None
            );
        }

        // The structure is there, its path is not.
        Array.Fill(definition, field.MaxDefinitionLevel - 1);
        return group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
            field,
            Array.Empty<ReadOnlyMemory<char>>(),
            definition,
            null,
            CancellationToken.None
        );
    }
}
