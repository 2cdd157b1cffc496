using Vla.Sensors.Datasets;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>
/// Files that Apache Arrow's own library wrote, each in another way: 1,000 rows in two row groups and many pages, with
/// nulls and lists within lists. Their values follow from the row.
/// </summary>
public sealed class ParquetTableTests
{
    public static TheoryData<string> Ways() =>
        [
            .. Directory
                .EnumerateFiles(TestData.Path("parquet"), "*.parquet")
                .Select(path => Path.GetFileNameWithoutExtension(path))
                .Order(),
        ];

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_Arrow_wrote_is_read(string way)
    {
        using var table = ParquetTable.Open(TestData.Path($"parquet/{way}.parquet"));

        Assert.Equal([600, 400], table.GroupRows);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i % 5 == 4 ? -i : i), table.AllNumbers<int>("small"));
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i * 0.25f), table.AllNumbers<float>("real"));
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i % 3 == 0 ? 1L : 0), table.AllNumbers<long>("flag"));
        Assert.Equal(
            Enumerable.Range(0, 1000).SelectMany(i => new float[] { i, 0, i, 1 }),
            table.AllNumbers<float>("deep", 4)
        );
        for (var (group, row) = (0, 0); group < 2; group++)
        {
            var (whole, lists, texts, texts2) = (
                table.Numbers<long>("whole", group),
                table.Numbers<double>("lists", group),
                table.Bytes("text", group),
                table.Bytes("text2", group)
            );
            for (var i = 0; i < table.GroupRows[group]; i++, row++)
            {
                Assert.Equal(row % 7 == 3 ? 0 : -1, whole.NullIn(i));
                if (row % 7 != 3)
                    Assert.Equal(row * 37 % 101, whole.Row(i)[0]);

                var count = row % 11 == 5 ? 0 : row % 4;
                Assert.Equal(
                    Enumerable.Range(0, count).Select(k => k == 2 ? 0 : row + k * 0.5),
                    lists.Row(i).ToArray()
                );
                Assert.Equal(count == 3 ? 2 : -1, lists.NullIn(i));

                foreach (var column in new[] { texts, texts2 })
                {
                    Assert.Equal(row % 13 == 6 ? 0 : -1, column.NullIn(i));
                    if (row % 13 != 6)
                        Assert.Equal($"task {row % 9} größe 📦", System.Text.Encoding.UTF8.GetString(column.Row(i)[0]));
                }
            }
        }
    }

    [Fact]
    public void What_is_missing_is_refused_with_its_row()
    {
        using var table = ParquetTable.Open(TestData.Path("parquet/snappy-dictionary.parquet"));

        Assert.Contains(
            "null as whole in row 3",
            Assert.Throws<DatasetException>(() => table.AllNumbers<long>("whole")).Message
        );
        Assert.Contains("null as text in row 6", Assert.Throws<DatasetException>(() => table.Texts("text")).Message);
        Assert.Contains(
            "not whole numbers",
            Assert.Throws<DatasetException>(() => table.AllNumbers<long>("real")).Message
        );
        Assert.Contains(
            "no column speed",
            Assert.Throws<DatasetException>(() => table.AllNumbers<long>("speed")).Message
        );
    }
}
