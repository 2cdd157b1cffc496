using System.Text;
using Vla.Sensors.Cameras.Streams;
using Vla.Sensors.Images.Jpeg;
using Vla.Tests.Sensors.Images;

namespace Vla.Tests.Sensors.Cameras.Streams;

public sealed class MotionJpegReaderTests
{
    private static readonly byte[] First = PictureSamples.Jpeg(seed: 1);
    private static readonly byte[] Second = PictureSamples.JpegWithThumbnail();
    private static readonly byte[] Third = PictureSamples.JpegWithRestarts();
    private static readonly byte[] Fourth = PictureSamples.ProgressiveJpeg();

    /// <summary>What cameras put before each picture and after it; {0} is the picture's length.</summary>
    public static TheoryData<string, string> Framings =>
        new()
        {
            { "--b\r\nContent-Type: image/jpeg\r\nContent-Length: {0}\r\n\r\n", "\r\n" },
            { "--b\r\nContent-Type: image/jpeg\r\n\r\n", "\r\n" },
            { "--b\nContent-Type: image/jpeg\n\n", "\n" },
            { "--b\r\ncontent-length:{0}\r\n\r\n", "" },
            { "----other than announced\r\nContent-Length: {0}\r\n\r\n", "\r\n" },
            { "b\r\nContent-Length: {0}\r\n\r\n", "\r\n" },
            { "--b\r\nContent-Length: 7\r\n\r\n", "\r\n" },
            { "--b\r\nContent-Length: 0\r\n\r\n", "\r\n" },
            { "--b\r\nContent-Length: 999999999\r\n\r\n", "\r\n" },
            { "--b\r\nContent-Length: -1\r\n\r\n", "\r\n" },
            { "--b\r\nContent-Length: twelve\r\n\r\n", "\r\n" },
            { "--b\r\nContent-Type: text/plain\r\n\r\nkeep alive\r\n--b\r\nContent-Type: image/jpeg\r\n\r\n", "\r\n" },
            { "\r\n\r\n\r\n--b\r\n\r\n", "\r\n--b--\r\n" },
            { "", "" },
            { "", "\0\0\0\0\0\0\0\0" },
        };

    [Theory]
    [MemberData(nameof(Framings))]
    public void Pictures_are_found_by_their_own_markers_whatever_is_around_them(string before, string after)
    {
        byte[][] pictures = [First, Second, Third, Fourth];
        foreach (var bytesAtATime in new[] { 1, 7, 1_000_000 })
        {
            var reader = Reader([.. pictures.SelectMany(picture => Part(picture, before, after))], bytesAtATime, out _);

            foreach (var picture in pictures)
                Assert.Equal(picture, reader.Next(out _));
            Assert.Throws<EndOfStreamException>(() => reader.Next(out _));
            Assert.Equal(0, reader.Broken);
        }
    }

    [Fact]
    public void A_picture_is_given_out_when_its_last_byte_is_there_and_not_when_the_next_begins()
    {
        var reader = Reader([.. "--b\r\n\r\n"u8, .. First], 1_000, out var stream);

        Assert.Equal(First, reader.Next(out _));
        Assert.False(stream.WasReadToItsEnd);
    }

    [Fact]
    public void A_picture_that_breaks_off_is_counted_and_the_next_one_is_found()
    {
        foreach (var cut in new[] { 3, 10, 100, 700, First.Length / 2, First.Length - 1 })
        {
            foreach (var between in new[] { "", "\r\n--b\r\nContent-Length: 5\r\n\r\n" })
            {
                var reader = Reader([.. First[..cut], .. Ascii(between), .. Third, .. First, .. Third], 1_000, out _);
                var found = new List<byte[]>();
                ReadToTheEnd(reader, picture => found.Add(picture.ToArray()));

                // What a wrong length leads past is looked through again, so that at most one is lost with it.
                Assert.Contains(found, picture => picture.AsSpan().SequenceEqual(Third));
                Assert.Contains(found, picture => picture.AsSpan().SequenceEqual(First));
                Assert.True(reader.Broken > 0 || found.Count < 4);
            }
        }
    }

    [Theory]
    [InlineData("--b\r\nX-Timestamp: 1717171717.250000\r\n\r\n", 1717171717.25)]
    [InlineData("--b\r\nContent-Length: 5\r\nx-timestamp:12.345678\r\nContent-Type: image/jpeg\r\n\r\n", 12.345678)]
    [InlineData("--b\r\nX-Timestamp: 12\r\n\r\n", null)]
    [InlineData("--b\r\nX-Timestamp: soon\r\n\r\n", null)]
    [InlineData("--b\r\nX-Timestamp: 0.000000\r\n\r\n", null)]
    [InlineData("--b\r\nX-Timestamp: -5.123456\r\n\r\n", null)]
    [InlineData("--b\r\nX-Timestamp: NaN\r\n\r\n", null)]
    [InlineData("--b\r\n\r\n", null)]
    public void The_camera_s_own_time_is_read_where_it_is_one(string header, double? expected)
    {
        var reader = Reader([.. Ascii(header), .. First], 10, out _);

        reader.Next(out var arrival);

        Assert.Equal(expected, arrival.CameraSeconds);
    }

    [Fact]
    public void A_picture_is_as_old_as_its_first_byte()
    {
        var ticks = 0L;
        var stream = new SlowStream([.. "--b\r\n\r\n"u8, .. First, .. Second], 100) { Reading = () => ticks++ };
        var reader = new MotionJpegReader(stream, () => ticks);

        reader.Next(out var first);
        reader.Next(out var second);

        Assert.Equal(1, first.FirstByteNs);
        Assert.Equal((7 + First.Length + 99) / 100, first.LastByteNs);
        Assert.InRange(second.FirstByteNs, first.LastByteNs, first.LastByteNs + 1);
        Assert.Equal((First.Length, Second.Length), (first.Bytes, second.Bytes));
    }

    [Fact]
    public void Whatever_bytes_come_the_reader_comes_to_their_end()
    {
        var mutations = int.Parse(
            Environment.GetEnvironmentVariable("VLA_FUZZ") ?? "3000",
            System.Globalization.CultureInfo.InvariantCulture
        );
        var random = new Random(4712);
        var check = new JpegCheck();
        var good = new byte[Framings.Count][];
        for (var i = 0; i < good.Length; i++)
        {
            var framing = (object[])Framings.ElementAt(i);
            good[i] =
            [
                .. new[] { First, Second, Third, Fourth }.SelectMany(picture =>
                    Part(picture, (string)framing[0], (string)framing[1])
                ),
            ];
        }

        for (var n = 0; n < mutations; n++)
        {
            var reader = Reader(PictureSamples.Mutate(good[n % good.Length], random), random.Next(1, 5_000), out _);
            ReadToTheEnd(reader, picture => check.Damage(picture));
        }
    }

    [Fact]
    public void Endless_bytes_without_a_picture_take_no_more_memory()
    {
        var stream = new EndlessStream(200_000_000);
        var reader = new MotionJpegReader(stream, () => 0);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<EndOfStreamException>(() => reader.Next(out _));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
    }

    private static void ReadToTheEnd(MotionJpegReader reader, Action<ReadOnlySpan<byte>> take)
    {
        try
        {
            while (true)
                take(reader.Next(out _));
        }
        catch (EndOfStreamException)
        {
            // As it should be.
        }
    }

    private static byte[] Part(byte[] picture, string before, string after) =>
        [.. Ascii(before.Replace("{0}", $"{picture.Length}", StringComparison.Ordinal)), .. picture, .. Ascii(after)];

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private static MotionJpegReader Reader(byte[] answer, int bytesAtATime, out SlowStream stream)
    {
        stream = new SlowStream(answer, bytesAtATime);
        return new MotionJpegReader(stream, () => 0);
    }

    /// <summary>Gives a few bytes at a time, as a network does.</summary>
    private sealed class SlowStream(byte[] bytes, int bytesAtATime) : MemoryStream(bytes)
    {
        public Action Reading { get; init; } = () => { };

        public bool WasReadToItsEnd { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Reading();
            var read = base.Read(buffer, offset, Math.Min(count, bytesAtATime));
            WasReadToItsEnd |= read == 0;
            return read;
        }
    }

    private sealed class EndlessStream(long length) : MemoryStream
    {
        private long _left = length;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(_left, count);
            buffer.AsSpan(offset, read).Fill((byte)'x');
            _left -= read;
            return read;
        }
    }
}
