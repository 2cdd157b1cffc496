using System.Buffers.Binary;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>Videos whose boxes are shorter than what has to be in them.</summary>
public sealed class Mp4FileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void A_list_of_edits_with_nothing_in_it_is_damage()
    {
        var path = Damaged(bytes =>
        {
            var (movie, track) = (Find(bytes, "moov"), Find(bytes, "trak"));
            byte[] edits = [0, 0, 0, 16, .. "edts"u8, 0, 0, 0, 8, .. "elst"u8];
            Grow(bytes, movie, edits.Length);
            Grow(bytes, track, edits.Length);
            return [.. bytes[..(track + 8)], .. edits, .. bytes[(track + 8)..]];
        });

        Assert.Contains("damaged", Assert.Throws<DatasetException>(() => Mp4File.Open(path)).Message);
    }

    [Fact]
    public void A_clock_with_nothing_in_it_is_damage()
    {
        var path = Damaged(bytes =>
        {
            var clock = Find(bytes, "mvhd");
            var size = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(clock));
            // What was in it becomes a box that nobody reads: everything else stays at its place.
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(clock), 8);
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(clock + 8), size - 8);
            "free"u8.CopyTo(bytes.AsSpan(clock + 12));
            return bytes;
        });
        var whole = TestData.Path("videos/recorded.mp4");

        var exception = Assert.Throws<DatasetException>(() =>
            Mp4Join.Write([path, whole], _directory.File("joined.mp4"), 10)
        );
        Assert.Contains("damaged", exception.Message);
    }

    public void Dispose() => _directory.Dispose();

    private string Damaged(Func<byte[], byte[]> damage)
    {
        var path = _directory.File("damaged.mp4");
        File.WriteAllBytes(path, damage(File.ReadAllBytes(TestData.Path("videos/recorded.mp4"))));
        return path;
    }

    private static int Find(byte[] bytes, string name) =>
        bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(name)) - sizeof(int);

    private static void Grow(byte[] bytes, int box, int by)
    {
        var size = bytes.AsSpan(box, sizeof(int));
        BinaryPrimitives.WriteInt32BigEndian(size, BinaryPrimitives.ReadInt32BigEndian(size) + by);
    }
}
