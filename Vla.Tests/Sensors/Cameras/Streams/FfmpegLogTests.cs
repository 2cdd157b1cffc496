using System.Globalization;
using Vla.Sensors.Cameras.Streams;

namespace Vla.Tests.Sensors.Cameras.Streams;

public sealed class FfmpegLogTests
{
    private readonly FfmpegLog _log = new();

    [Fact]
    public void Each_picture_has_its_time_and_size_as_decoded()
    {
        _log.Add(
            "[Parsed_showinfo_0 @ 0x5638a2e15280] [info] n:   0 pts: 132000 pts_time:1.46667 pos:       -1 "
                + "fmt:yuv420p sar:1/1 s:640x480 i:P iskey:1 type:I "
        );
        _log.Add(
            "[Parsed_showinfo_0 @ 0x5638a2e15280] [info] color_range:unknown color_space:unknown "
                + "color_primaries:unknown color_trc:unknown"
        );
        _log.Add(
            "[Parsed_showinfo_0 @ 0x5638a2e15280] [info] n:   1 pts: NOPTS pts_time:NOPTS pos:       -1 fmt:yuv420p "
                + "sar:1/1 s:320x240 i:P iskey:0 type:P "
        );

        Assert.Equal(new PictureNote(1.46667, 640, 480, false), _log.Next(TimeSpan.Zero));
        Assert.Equal(new PictureNote(null, 320, 240, false), _log.Next(TimeSpan.Zero));
        Assert.Null(_log.Next(TimeSpan.Zero));
        Assert.Null(_log.Complaint);
    }

    [Fact]
    public void After_a_complaint_pictures_are_damaged_until_one_that_stands_alone()
    {
        Picture(1, key: true);
        _log.Add("[h264 @ 0x55d0c8a1a2c0] [error] error while decoding MB 43 17, bytestream -7");
        Picture(1.1, key: false);
        Picture(1.2, key: false);
        Picture(1.3, key: true);
        Picture(1.4, key: false);

        Assert.Equal([false, true, true, false, false], Damaged(5));
        Assert.Equal("error while decoding MB 43 17, bytestream -7", _log.Complaint);
    }

    [Fact]
    public void A_picture_that_stands_alone_and_is_complained_of_mends_nothing()
    {
        _log.Add("[rtsp @ 0x55] [warning] RTP: missed 3 packets");
        _log.Add("[h264 @ 0x55] [info] concealing 773 DC, 773 AC, 773 MV errors in P frame");
        Picture(1, key: true);
        Picture(1.1, key: false);
        Picture(1.2, key: true);

        Assert.Equal([true, true, false], Damaged(3));
    }

    [Fact]
    public void A_stream_without_pictures_that_stand_alone_mends_itself_in_time()
    {
        _log.Add("[hevc @ 0x55] [error] Could not find ref with POC 7");
        Picture(1, key: false);
        Picture(10.9, key: false);
        Picture(11.1, key: false);

        Assert.Equal([true, true, false], Damaged(3));
    }

    [Fact]
    public void News_and_other_warnings_are_no_complaints()
    {
        _log.Add("[info] Stream mapping:");
        _log.Add("[swscaler @ 0x55] [warning] deprecated pixel format used, make sure you did set range correctly");
        Picture(1, key: false);

        Assert.Equal([false], Damaged(1));
    }

    private void Picture(double seconds, bool key) =>
        _log.Add(
            string.Create(
                CultureInfo.InvariantCulture,
                $"[Parsed_showinfo_0 @ 0x5638] [info] n:   3 pts: 1 pts_time:{seconds} pos: -1 fmt:yuv420p sar:1/1 "
                    + $"s:640x480 i:P iskey:{(key ? 1 : 0)} type:P "
            )
        );

    private bool[] Damaged(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => _log.Next(TimeSpan.Zero)!.Value.IsDamaged)];
}
