using System.Text;
using Microsoft.Extensions.Time.Testing;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Sensors.Cameras;

public sealed class MultipartReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10_000)]
    public void Parts_with_a_length_are_read_however_they_arrive(int bytesAtATime)
    {
        var reader = Reader("--b\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\none\r\n\r\n--b\r\ncontent-length:3\r\n\r\ntwo\r\n", bytesAtATime);

        Assert.Equal("one\r\n", Next(reader));
        Assert.Equal("two", Next(reader));
        Assert.Throws<EndOfStreamException>(() => Next(reader));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10_000)]
    public void Parts_without_a_length_end_at_the_next_boundary(int bytesAtATime)
    {
        var reader = Reader("\r\n--b\r\nContent-Type: image/jpeg\r\n\r\none\r\n--\r\n--b\r\n\r\ntwo\r\n--b\r\n", bytesAtATime);

        Assert.Equal("one\r\n--", Next(reader));
        Assert.Equal("two", Next(reader));
    }

    [Fact]
    public void Parts_larger_than_the_memory_at_first_are_read()
    {
        var large = new string('x', 1_000_000);
        var reader = Reader($"--b\r\n\r\n{large}\r\n--b\r\nContent-Length: 3\r\n\r\ntwo", 65_536);

        Assert.Equal(large, Next(reader));
        Assert.Equal("two", Next(reader));
    }

    [Theory]
    [InlineData("<html><body>Welcome</body></html>\n")]
    [InlineData("--b\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("--b\r\nContent-Length: 99999999999\r\n\r\n")]
    [InlineData("--b\r\nContent-Length: 3 bytes\r\n\r\n")]
    public void What_is_not_multipart_is_refused(string answer) =>
        Assert.Throws<InvalidDataException>(() => Next(Reader(answer, 10_000)));

    [Fact]
    public void An_endless_line_is_refused() =>
        Assert.Throws<InvalidDataException>(() => Next(Reader(new string('x', 100_000), 1_000)));

    private static string Next(MultipartReader reader) => Encoding.ASCII.GetString(reader.ReadPart(out _));

    private static MultipartReader Reader(string answer, int bytesAtATime) =>
        new(new SlowStream(Encoding.ASCII.GetBytes(answer), bytesAtATime), new FakeTimeProvider());

    /// <summary>Gives a few bytes at a time, as a network does.</summary>
    private sealed class SlowStream(byte[] bytes, int bytesAtATime) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, bytesAtATime));
    }
}
