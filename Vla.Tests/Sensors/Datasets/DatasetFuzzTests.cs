using System.Diagnostics;
using System.Globalization;
using Vla.Sensors.Datasets;
using Xunit.Abstractions;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>
/// Damaged files end in a <see cref="DatasetException"/> or are read: no other exception, no loop, no growth. Some
/// hundred of each kind here; <c>VLA_FUZZ=100000</c> sets another number.
/// </summary>
public sealed class DatasetFuzzTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>
    /// What one damaged file may make a reader allocate, bytes: many times what it takes to read the whole ones.
    /// </summary>
    private const long MostBytes = 256 << 20;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly int Count = int.TryParse(
        Environment.GetEnvironmentVariable("VLA_FUZZ"),
        NumberStyles.None,
        CultureInfo.InvariantCulture,
        out var count
    )
        ? count
        : 600;

    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("datasets/plain-ok/data/chunk-000/file-000.parquet")]
    [InlineData("datasets/plain-ok/meta/episodes/chunk-000/file-000.parquet")]
    [InlineData("datasets/plain-ok/meta/tasks.parquet")]
    [InlineData("parquet/snappy-dictionary.parquet")]
    [InlineData("parquet/v2-snappy.parquet")]
    [InlineData("parquet/delta.parquet")]
    [InlineData("parquet/zstd.parquet")]
    [InlineData("parquet/lz4.parquet")]
    public void A_damaged_table(string seed)
    {
        string[] columns;
        using (var table = ParquetTable.Open(TestData.Path(seed)))
            columns = [.. table.Columns];
        Try(
            seed,
            path =>
            {
                using var table = ParquetTable.Open(path);
                foreach (var column in columns.Where(table.Has))
                {
                    for (var group = 0; group < table.GroupRows.Count; group++)
                    {
                        foreach (
                            var read in (Action[])
                                [() => table.Numbers<float>(column, group), () => table.Numbers<long>(column, group)]
                        )
                        {
                            try
                            {
                                read();
                            }
                            catch (DatasetException)
                            {
                                // The other one may be right.
                            }
                        }
                    }

                    try
                    {
                        table.TextLists(column);
                    }
                    catch (DatasetException)
                    {
                        // No texts, perhaps.
                    }
                }
            }
        );
    }

    [Fact]
    public void A_damaged_table_of_tasks() => Try("datasets/plain-ok/meta/tasks.parquet", path => TaskTable.Read(path));

    [Fact]
    public void A_damaged_table_of_episodes() =>
        Try(
            "datasets/plain-ok/meta/episodes/chunk-000/file-000.parquet",
            path =>
            {
                Directory.CreateDirectory(_directory.File("meta/episodes"));
                File.Copy(path, _directory.File("meta/episodes/file.parquet"), overwrite: true);
                EpisodeTable.Read(_directory.Path, DatasetInfo.Read(TestData.Path("datasets/plain-ok")));
            }
        );

    [Fact]
    public void A_damaged_description() =>
        Try(
            "datasets/plain-ok/meta/info.json",
            path =>
            {
                Directory.CreateDirectory(_directory.File("meta"));
                File.Copy(path, _directory.File("meta/info.json"), overwrite: true);
                var info = DatasetInfo.Read(_directory.Path);
                foreach (var feature in info.Features)
                    _ = (feature.Count, feature.PictureSize, feature.ToString());
                _ = (info.DataFile(_directory.Path, default), info.VideoFile(_directory.Path, "front", default));
            }
        );

    /// <summary>
    /// As <c>vla run --record</c> writes it with FFmpeg (H.264), and as it is when an episode was added.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_damaged_video_that_is_added_to_another(bool isJoined)
    {
        var whole = TestData.Path("videos/recorded.mp4");
        var seed = isJoined ? _directory.File("whole.mp4") : whole;
        if (isJoined)
            Mp4Join.Write([whole, whole], seed, 10);

        Try(seed, path => Mp4Join.Write([path, whole], _directory.File("joined.mp4"), 10));
        Try(seed, path => Mp4Join.Write([whole, path], _directory.File("joined.mp4"), 10));
    }

    public void Dispose() => _directory.Dispose();

    private void Try(string seed, Action<string> read)
    {
        var bytes = File.ReadAllBytes(TestData.Path(seed));
        var random = new Random(1);
        var path = _directory.File("damaged");
        // What is damaged has to be fine: else its damages would not be reached.
        File.WriteAllBytes(path, bytes);
        read(path);
        var (refused, slowest, largest) = (0, TimeSpan.Zero, 0L);
        for (var i = 0; i < Count; i++)
        {
            File.WriteAllBytes(path, Damage(bytes, random));
            var (before, began) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            try
            {
                read(path);
            }
            catch (DatasetException exception)
            {
                refused++;
                Assert.DoesNotContain('\n', exception.Message);
            }
            catch (Exception exception)
            {
                throw Named(i, exception.ToString());
            }

            var (took, allocated) = (Stopwatch.GetElapsedTime(began), GC.GetAllocatedBytesForCurrentThread() - before);
            if (took > Longest || allocated > MostBytes)
                throw Named(i, $"took {took.TotalSeconds:0.0} s and {allocated:N0} bytes");
            (slowest, largest) = (took > slowest ? took : slowest, Math.Max(largest, allocated));
        }

        output.WriteLine(
            $"{seed}: {Count} damaged, {refused} refused, the slowest took {slowest.TotalMilliseconds:0} ms, the "
                + $"largest {largest / 1e6:0.0} MB"
        );

        Exception Named(int number, string what)
        {
            var kept = Path.Combine(Path.GetTempPath(), $"vla-fuzz-{Path.GetFileName(seed)}");
            File.Copy(path, kept, overwrite: true);
            return new InvalidOperationException($"damage {number} of {seed}, kept as {kept}: {what}");
        }
    }

    private static byte[] Damage(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        for (var times = random.Next(1, 5); times > 0 && bytes.Count > 0; times--)
        {
            // What describes a file is at one of its ends.
            var at = random.Next(3) switch
            {
                0 => random.Next(bytes.Count),
                1 => Math.Max(0, bytes.Count - 1 - random.Next(Math.Min(bytes.Count, 1500))),
                _ => random.Next(Math.Min(bytes.Count, 200)),
            };
            var length = Math.Min(random.Next(1, 40), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = new byte[] { 0, 1, 0x7f, 0x80, 0xff, (byte)'9', (byte)'-', (byte)'"' }[random.Next(8)];
                    break;
                case 3:
                    for (var i = 0; i < length; i++)
                        bytes[at + i] = 0xff;
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - length + 1), length));
                    break;
                case 5:
                    bytes.RemoveRange(at, length);
                    break;
                case 6:
                    bytes.RemoveRange(at, random.Next(20) == 0 ? bytes.Count - at : Math.Min(1, length));
                    break;
                default:
                    var four = BitConverter.GetBytes(
                        new[] { int.MaxValue, int.MinValue, -1, 0, 1 << 20, 1 << 28 }[random.Next(6)]
                    );
                    for (var i = 0; i < Math.Min(4, length); i++)
                        bytes[at + i] = four[random.Next(2) == 0 ? i : 3 - i];
                    break;
            }
        }

        return [.. bytes];
    }
}
