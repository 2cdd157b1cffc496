using System.Globalization;
using OpenCvSharp;
using Vla.Runtime.Registries;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Runtime.Networks.Ros;

/// <summary>Pictures of a topic behind a rosbridge.</summary>
public sealed class RosCameraTests
{
    [Fact]
    public void A_compressed_picture_is_seen_as_it_was_taken()
    {
        using var image = new Mat(48, 64, MatType.CV_8UC3, new Scalar(0, 0, 255));
        using var peer = Showing(
            $$"""{"format": "jpeg", "data": "{{Convert.ToBase64String(image.ImEncode(".jpg"))}}"}""",
            "/camera/compressed"
        );
        using var camera = Camera(peer, "camera/compressed").Open(TimeProvider.System);
        using var picture = new Mat();

        camera.Read(picture);

        Assert.Equal((64, 48), (picture.Width, picture.Height));
        var colour = picture.At<Vec3b>(20, 20);
        Assert.True(colour.Item2 > 240 && colour.Item0 < 15, $"{colour.Item0} {colour.Item1} {colour.Item2}");
        Assert.Equal("sensor_msgs/CompressedImage", peer.NextTold().GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("rgb8", "3", "\"AQIDBAUGAAAHCAkKCwwAAA==\"", "3 2 1, 6 5 4, 9 8 7, 12 11 10")]
    [InlineData("bgr8", "3", "\"AQIDBAUGAAAHCAkKCwwAAA==\"", "1 2 3, 4 5 6, 7 8 9, 10 11 12")]
    [InlineData("rgba8", "4", "[1,2,3,9,4,5,6,9,7,8,9,9,10,11,12,9]", "3 2 1, 6 5 4, 9 8 7, 12 11 10")]
    [InlineData("mono8", "1", "[1,2,7,8]", "1 1 1, 2 2 2, 7 7 7, 8 8 8")]
    public void Pixels_of_each_encoding_become_blue_green_and_red(
        string encoding,
        string bytes,
        string data,
        string seen
    )
    {
        // Rows of three bytes a pixel have two more at their end.
        var step = bytes == "3" ? 8 : 2 * int.Parse(bytes, CultureInfo.InvariantCulture);
        using var peer = Showing(
            $$"""{"height": 2, "width": 2, "encoding": "{{encoding}}", "step": {{step}}, "data": {{data}} }"""
        );
        using var camera = Camera(peer, "image").Open(TimeProvider.System);
        using var picture = new Mat();

        camera.Read(picture);

        var pixels = Enumerable.Range(0, 4).Select(i => picture.At<Vec3b>(i / 2, i % 2));
        Assert.Equal(seen, string.Join(", ", pixels.Select(p => $"{p.Item0} {p.Item1} {p.Item2}")));
        Assert.Equal("sensor_msgs/Image", peer.NextTold().GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("""{"height": 2, "width": 2, "encoding": "32FC1", "data": "AAAA"}""", "with the encoding '32FC1'")]
    [InlineData(
        """{"height": 2, "width": 2, "encoding": "rgb8", "data": "AAAA"}""",
        "of 2x2 pixels (rgb8) with 3 bytes"
    )]
    [InlineData("""{"height": 2, "width": 0, "encoding": "rgb8", "data": "AAAA"}""", "of 0x2 pixels")]
    [InlineData("""{"height": 2, "width": 2000000, "encoding": "rgb8", "data": "AAAA"}""", "of 2000000x2 pixels")]
    [InlineData("""{"height": 1, "width": 1, "encoding": "rgb8", "data": "A"}""", "neither base64 nor a list of bytes")]
    [InlineData("""{"height": 1, "width": 1, "encoding": "rgb8", "data": [1, 2, 300]}""", "neither base64 nor a list")]
    [InlineData("""{"height": 1, "width": 1, "encoding": "rgb8"}""", "neither base64 nor a list of bytes")]
    public void A_picture_that_is_of_no_use_is_left_out_and_counted(string bad, string said)
    {
        using var peer = Showing("""{"height": 1, "width": 1, "encoding": "rgb8", "data": [1, 2, 3]}""", "/image", bad);
        using var camera = Camera(peer, "image").Open(TimeProvider.System);
        using var picture = new Mat();

        camera.Read(picture);

        Assert.Equal(1, camera.LeftOut.Damaged);
        Assert.Contains(said, camera.LeftOut.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_there_is_told_with_the_mend()
    {
        var port = FreePort.Find();

        var error = Assert.Throws<CameraException>(() =>
            CameraRegistry.Parse($"ros://127.0.0.1:{port}/image").Open(TimeProvider.System)
        );

        Assert.StartsWith(
            $"camera 'ros://127.0.0.1:{port}/image' cannot be opened: nobody listens there (connection refused): "
                + "start the rosbridge",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("ros://h", "names no topic: use ros://HOST[:9090]/TOPIC")]
    [InlineData("ros://h/a-b", "names no topic")]
    [InlineData("ros://h/image?type=sensor_msgs/Imu", "type is 'sensor_msgs/Imu'; allowed is sensor_msgs/Image or")]
    [InlineData("ros://h/image?profile=x", "'profile' is no option of it")]
    public void A_camera_that_is_written_wrongly_is_told_with_the_mend(string text, string said) =>
        Assert.Contains(said, Assert.Throws<CameraException>(() => CameraRegistry.Parse(text)).Message);

    private static BridgePeer Showing(string picture, string topic = "/image", string? before = null)
    {
        return new BridgePeer(
            operation => operation.GetProperty("op").GetString() == "subscribe" ? Message(picture) : null,
            before is null ? null : Message(before)
        );

        string Message(string msg) => $$"""{"op": "publish", "topic": "{{topic}}", "msg": {{msg}} }""";
    }

    private static CameraSource Camera(BridgePeer peer, string topic) =>
        CameraRegistry.Parse($"ros://127.0.0.1:{peer.Port}/{topic}");
}
