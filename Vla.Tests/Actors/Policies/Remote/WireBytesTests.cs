using System.Buffers;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote;

/// <summary>Byte for byte what openpi's own code writes (msgpack 1.0.3, numpy 1.24.2), and reading it.</summary>
public sealed class WireBytesTests
{
    private const string Matrix =
        "84 c4 0b 5f 5f 6e 64 61 72 72 61 79 5f 5f c3 c4 04 64 61 74 61 c4 10 00 00 80 3f 00 00 00 40 00 00 40 40 00 "
        + "00 "
        + "80 40 c4 05 64 74 79 70 65 a3 3c 66 34 c4 05 73 68 61 70 65 92 02 02";

    private const string Response =
        "82 a7 61 63 74 69 6f 6e 73 "
        + Matrix
        + " ad 73 65 72 76 65 72 5f 74 69 6d 69 6e 67 81 a8 69 6e 66 65 72 5f 6d 73 cb 40 29 00 00 00 00 00 00";

    private const string Observation =
        "83 b1 6f 62 73 65 72 76 61 74 69 6f 6e 2f 73 74 61 74 65 84 c4 0b 5f 5f 6e 64 61 72 72 61 79 5f 5f c3 c4 04 "
        + "64 "
        + "61 74 61 c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 c4 05 64 74 79 70 65 a3 3c 66 38 c4 05 73 68 "
        + "61 70 65 91 02 b1 6f 62 73 65 72 76 61 74 69 6f 6e 2f 69 6d 61 67 65 84 c4 0b 5f 5f 6e 64 61 72 72 61 79 5f "
        + "5f c3 c4 04 64 61 74 61 c4 03 00 00 00 c4 05 64 74 79 70 65 a3 7c 75 31 c4 05 73 68 61 70 65 93 01 01 03 a6 "
        + "70 72 6f 6d 70 74 a1 78";

    [Fact]
    public void An_array_is_written_as_openpi_writes_it() =>
        Assert.Equal(
            Bytes(Matrix),
            Written((ref MessagePackWriter to) => WireWriter.WriteFloats(ref to, [1, 2, 3, 4], 2, 2))
        );

    [Fact]
    public void An_observation_is_written_as_openpi_writes_it() =>
        Assert.Equal(
            Bytes(Observation),
            Written(
                (ref MessagePackWriter to) =>
                {
                    to.WriteMapHeader(3);
                    to.Write("observation/state");
                    WireWriter.WriteDoubles(ref to, [0, 0], 2);
                    to.Write("observation/image");
                    WireWriter.WritePicture(ref to, [0, 0, 0], 1, 1, channelsFirst: false);
                    to.Write("prompt");
                    to.Write("x");
                }
            )
        );

    [Fact]
    public void An_answer_is_read()
    {
        var map = WireReader.Read(Bytes(Response));

        Assert.True(map.TryFindArray("actions", out var actions));
        Assert.Equal([2, 2], actions.Shape);
        Assert.Equal([1f, 2, 3, 4], Values(actions));
        Assert.Equal(12.5, map.FindNumber("server_timing/infer_ms"));
    }

    [Fact]
    public void An_observation_is_read()
    {
        var map = WireReader.Read(Bytes(Observation));

        Assert.True(map.TryFindArray("observation.state", out var state));
        Assert.True(map.TryFindArray("observation/image", out var image));
        Assert.Equal(("f8 [2]", "u1 [1, 1, 3]"), (state.Describe(), image.Describe()));
        Assert.Equal("x", map.FindText("prompt"));
    }

    [Fact]
    public void Numpys_single_numbers_are_numbers()
    {
        const string real =
            "83 c4 0d 5f 5f 6e 70 67 65 6e 65 72 69 63 5f 5f c3 c4 04 64 61 74 61 cb 3f f8 00 00 00 00 00 00 c4 05 64 "
            + "74 79 70 65 a3 3c 66 34";
        const string flag =
            "83 c4 0d 5f 5f 6e 70 67 65 6e 65 72 69 63 5f 5f c3 c4 04 64 61 74 61 c3 c4 05 64 74 79 70 65 a3 7c 62 31";

        var map = WireReader.Read(Bytes($"82 a1 61 {real} a1 62 {flag}"));

        Assert.Equal(1.5, map.FindNumber("a"));
        Assert.Equal(new WireItem.Flag(true), map.Find("b"));
    }

    [Fact]
    public void Metadata_may_be_empty_or_a_list_of_numbers()
    {
        Assert.Empty(WireReader.Read(Bytes("80")).Paths);

        var map = WireReader.Read(Bytes("81 aa 72 65 73 65 74 5f 70 6f 73 65 92 00 cb bf f8 00 00 00 00 00 00"));
        Assert.True(map.TryFindArray("reset_pose", out var pose));
        Assert.Equal([0f, -1.5f], Values(pose));
    }

    [Fact]
    public void Keys_of_an_array_may_be_text()
    {
        var map = WireReader.Read(
            Bytes(
                "81 a1 61 84 ab 5f 5f 6e 64 61 72 72 61 79 5f 5f c3 a5 64 74 79 70 65 a3 3c 69 32 a5 73 68 61 70 65 "
                    + "91 01 "
                    + "a4 64 61 74 61 c4 02 fe ff"
            )
        );

        Assert.True(map.TryFindArray("a", out var array));
        Assert.Equal([-2f], Values(array));
    }

    [Fact]
    public void Names_with_dots_with_slashes_and_in_maps_are_the_same()
    {
        var nested = WireReader.Read(Bytes("81 a1 61 81 a1 62 01"));

        Assert.Equal(1, nested.FindNumber("a.b"));
        Assert.Equal(1, nested.FindNumber("a/b"));
        Assert.Equal(1, WireReader.Read(Bytes("81 a3 61 2e 62 01")).FindNumber("a/b"));
    }

    [Theory]
    [InlineData("<f2", "00 3c", 1)]
    [InlineData(">f2", "3c 00", 1)]
    [InlineData(">f4", "3f 80 00 00", 1)]
    [InlineData("<f8", "00 00 00 00 00 00 f0 bf", -1)]
    [InlineData(">i2", "ff fe", -2)]
    [InlineData("<u2", "ff ff", 65_535)]
    [InlineData("<i4", "ff ff ff ff", -1)]
    [InlineData("<u4", "ff ff ff ff", 4_294_967_295)]
    [InlineData(">i8", "ff ff ff ff ff ff ff fd", -3)]
    [InlineData("|i1", "80", -128)]
    [InlineData("|b1", "02", 1)]
    public void Every_type_of_number_is_read(string type, string bytes, double expected) =>
        Assert.Equal([(float)expected], Values(NumpyArray.Of(type, [], Bytes(bytes), "a")));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_picture_of_values_becomes_the_bytes_that_it_was(bool channelsFirst)
    {
        // Of no round size, so that not all of it is done many at a time.
        const int height = 13;
        const int width = 7;
        var bytes = Enumerable.Range(0, height * width * 3).Select(i => (byte)(i * 37)).ToArray();
        var values = bytes.Select(value => value / 255f).ToArray();

        var written = Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(1);
                to.Write("a");
                WireWriter.WritePicture(ref to, values, height, width, channelsFirst);
            }
        );

        Assert.True(WireReader.Read(written).TryFindArray("a", out var array));
        var read = array.Data.ToArray();
        if (channelsFirst)
        {
            Assert.Equal([3, height, width], array.Shape);
            read = [.. Enumerable.Range(0, read.Length).Select(i => array.Data.Span[i % 3 * height * width + i / 3])];
        }

        Assert.Equal(bytes, read);
    }

    internal delegate void Writing(ref MessagePackWriter to);

    internal static byte[] Written(Writing write)
    {
        var memory = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(memory);
        write(ref writer);
        writer.Flush();
        return memory.WrittenSpan.ToArray();
    }

    internal static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    private static float[] Values(NumpyArray array)
    {
        var values = new float[array.Count];
        array.CopyTo(values);
        return values;
    }
}
