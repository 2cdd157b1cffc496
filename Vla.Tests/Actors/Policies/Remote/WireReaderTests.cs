using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote;

/// <summary>Messages that are not what they should be: every one is refused in words.</summary>
public sealed class WireReaderTests
{
    private const string Array = "84 c4 0b 5f 5f 6e 64 61 72 72 61 79 5f 5f c3 c4 04 64 61 74 61 ";
    private const string Type = " c4 05 64 74 79 70 65 a3 3c 66 34 ";
    private const string Shape = " c4 05 73 68 61 70 65 ";

    [Theory]
    [InlineData("", "empty")]
    [InlineData("93 01 02 03", "not a MessagePack map")]
    [InlineData("c1", "not a MessagePack map")]
    [InlineData("81 a1 61", "cut off")]
    [InlineData("de ff ff a1 61 01", "cut off")]
    [InlineData("df ff ff ff ff a1 61 01", "cut off")]
    [InlineData("81 a1 61 c6 7f ff ff ff 00", "cut off")]
    [InlineData("81 a1 61 01 00", "1 bytes follow")]
    [InlineData("82 a1 61 01 a1 61 02", "a is there twice")]
    [InlineData("82 a3 61 2e 62 01 a1 61 81 a1 62 02", "a/b is there twice")]
    [InlineData("81 01 01", "is no text")]
    [InlineData("81 a1 61 " + Array + "c4 04 00 00 80 3f" + Type + Shape + "91 02", "takes another number")]
    [InlineData("81 a1 61 " + Array + "c4 04 00 00 80 3f" + Type + Shape + "91 ff", "a shape with -1")]
    [InlineData(
        "81 a1 61 " + Array + "c4 04 00 00 80 3f" + Type + Shape + "99 01 01 01 01 01 01 01 01 01",
        "9 dimensions"
    )]
    [InlineData(
        "81 a1 61 " + Array + "c4 04 00 00 80 3f" + Type + Shape + "94 ce 7f ff ff ff ce 7f ff ff ff ce 7f ff ff ff 02",
        "takes another number"
    )]
    [InlineData("81 a1 61 " + Array + "a1 78" + Type + Shape + "a1 78", "a shape that is no list")]
    [InlineData("81 a1 61 81 c4 0b 5f 5f 6e 64 61 72 72 61 79 5f 5f c3", "without its data")]
    public void What_is_wrong_is_said(string hex, string expected)
    {
        var error = Assert.Throws<WireException>(() => WireReader.Read(WireBytesTests.Bytes(hex)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("|O")]
    [InlineData("<c8")]
    [InlineData("<U4")]
    [InlineData("<f16")]
    [InlineData("f4")]
    [InlineData("")]
    public void Types_without_numbers_are_refused(string type) =>
        Assert.Contains(
            "allowed are",
            Assert.Throws<WireException>(() => NumpyArray.Of(type, [], new byte[4], "a")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Maps_within_maps_end_somewhere()
    {
        var deep = string.Concat(Enumerable.Repeat("81 a1 61 ", 5_000)) + "01";

        Assert.Contains(
            "deeper than 8",
            Assert.Throws<WireException>(() => WireReader.Read(WireBytesTests.Bytes(deep))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Lists_within_lists_end_somewhere()
    {
        var deep = "81 a1 61 " + string.Concat(Enumerable.Repeat("91 ", 5_000)) + "01";

        var error = Record.Exception(() => WireReader.Read(WireBytesTests.Bytes(deep)));

        Assert.True(error is null or WireException, $"{error}");
    }

    [Fact]
    public void Whatever_is_damaged_ends_in_words_or_is_read()
    {
        var whole = WireBytesTests.Bytes(
            "83 a1 73 "
                + Array
                + "c4 08 00 00 80 3f 00 00 80 3f"
                + Type
                + Shape
                + "92 01 02 a1 70 a3 61 62 63 a1 6d 81 a1 6e 93 "
                + "01 02 cb 3f f8 00 00 00 00 00 00"
        );
        WireReader.Read(whole);

        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<WireException>(() => WireReader.Read(whole.AsMemory(0, length)));
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = (byte[])whole.Clone();
            for (var k = random.Next(1, 4); k > 0; k--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var error = Record.Exception(() => WireReader.Read(damaged));
            Assert.True(error is null or WireException, $"{Convert.ToHexString(damaged)}: {error}");
        }
    }
}
