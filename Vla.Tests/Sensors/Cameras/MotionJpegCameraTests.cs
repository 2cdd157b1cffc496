using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCvSharp;
using Vla.Runtime.Registries;
using Vla.Sensors.Cameras;
using Vla.Tests.Sensors.Images;

namespace Vla.Tests.Sensors.Cameras;

public sealed class MotionJpegCameraTests
{
    private const string Multipart = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n";

    [Fact]
    public void Pictures_are_read_as_they_come_until_the_server_goes_away()
    {
        using var server = new ScriptedServer();
        server.Say(Multipart);
        server.Say(Part(50));
        using var camera = CameraRegistry.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();

        Assert.Equal((64, 48), (camera.Description.Width, camera.Description.Height));
        foreach (var grey in new[] { 50, 100, 150 })
        {
            if (grey > 50)
                server.Say(Part(grey));
            camera.Read(picture);
            Assert.Equal(grey, picture.Mean().Val0, tolerance: 2);
        }

        Assert.Equal(0, camera.LeftOut.Total);
        server.HangUp();
        Assert.Contains(
            "no more pictures",
            Assert.Throws<CameraLostException>(() => camera.Read(picture)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_waits_is_passed_over_and_the_newest_picture_is_read()
    {
        using var server = new ScriptedServer();
        server.Say(Multipart);
        server.Say(Part(10));
        using var camera = CameraRegistry.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();
        for (var grey = 20; grey <= 200; grey += 10)
            server.Say(Part(grey));
        server.HangUp();

        // Whoever comes late enough gets the last one; which are passed over before is the scheduler's business.
        do camera.Read(picture);
        while (Math.Abs(picture.Mean().Val0 - 200) > 2);

        Assert.True(camera.LeftOut.Overtaken <= 19);
        Assert.Throws<CameraLostException>(() => camera.Read(picture));
    }

    [Theory]
    [InlineData("noise.jpg")]
    [InlineData("one-pixel.jpg")]
    [InlineData("bomb.jpg")]
    public void A_picture_that_is_of_no_use_is_never_given_out(string bad)
    {
        using var server = new ScriptedServer();
        server.Say(Multipart);
        server.Say(Part(50));
        using var camera = CameraRegistry.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();
        for (var n = 0; n < 10; n++)
            server.Say([.. Ascii("--b\r\n\r\n"), .. File.ReadAllBytes(TestData.Path($"Pictures/{bad}"))]);
        server.Say(Part(150));
        server.HangUp();

        try
        {
            while (true)
            {
                camera.Read(picture);
                Assert.Equal((64, 48), (picture.Width, picture.Height));
                var grey = picture.Mean().Val0;
                Assert.True(Math.Abs(grey - 50) < 2 || Math.Abs(grey - 150) < 2, $"a picture of {grey} was given out");
            }
        }
        catch (CameraLostException)
        {
            Assert.Equal(150, picture.Mean().Val0, tolerance: 2);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers 404 (Not Found); check the path")]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
        "answers with 'text/html', not with Motion JPEG"
    )]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>\n<body>",
        "answers with 'text/html', not with Motion JPEG"
    )]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\nftyp",
        "answers with 'video/mp4', not with Motion JPEG"
    )]
    public void A_server_that_sends_something_else_is_refused(string answer, string expected)
    {
        using var server = new ScriptedServer();
        server.Say(answer);
        server.HangUp();

        var exception = Assert.Throws<CameraException>(() =>
            CameraRegistry.Parse(server.Url).Open(TimeProvider.System)
        );

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_picture_is_no_stream_and_that_is_said()
    {
        var jpeg = PictureSamples.Jpeg();
        using var server = new ScriptedServer();
        server.Say($"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {jpeg.Length}\r\n\r\n");
        server.Say(jpeg);
        server.HangUp();

        var exception = Assert.Throws<CameraException>(() =>
            CameraRegistry.Parse(server.Url).Open(TimeProvider.System)
        );

        Assert.Contains(
            "answers with a single picture, not with a stream",
            exception.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n", "", "")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\n", "", "")]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=\"--a b\"\r\n\r\n",
        "--something else\n\n",
        "\n"
    )]
    public void Answers_are_taken_as_cameras_send_them(string answer, string before, string after)
    {
        using var server = new ScriptedServer();
        server.Say(answer);
        for (var n = 0; n < 3; n++)
            server.Say([.. Ascii(before), .. PictureSamples.Jpeg(seed: n), .. Ascii(after)]);
        using var camera = CameraRegistry.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();

        camera.Read(picture);

        Assert.Equal((96, 72), (picture.Width, picture.Height));
    }

    [Fact]
    public void Pieces_that_the_server_announces_one_by_one_are_put_together()
    {
        var part = Part(50);
        using var server = new ScriptedServer();
        server.Say(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: multipart/x-mixed-replace; "
                + "boundary=b\r\n\r\n"
        );
        foreach (var piece in part.Chunk(100))
            server.Say([.. Ascii($"{piece.Length:x}\r\n"), .. piece, .. Ascii("\r\n")]);

        using var camera = CameraRegistry.Parse(server.Url).Open(TimeProvider.System);

        Assert.Equal(64, camera.Description.Width);
    }

    [Fact]
    public void A_picture_without_the_tables_that_everybody_has_is_decoded()
    {
        using var server = new ScriptedServer();
        server.Say(Multipart);
        server.Say([.. Ascii("--b\r\n\r\n"), .. PictureSamples.JpegWithoutHuffmanTables()]);
        using var camera = CameraRegistry.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();

        camera.Read(picture);

        Assert.InRange(picture.Mean().Val0, 50, 250);
    }

    [Fact]
    public void A_refused_connection_is_said_so()
    {
        string url;
        using (var server = new ScriptedServer())
            url = server.Url;

        var exception = Assert.Throws<CameraException>(() => CameraRegistry.Parse(url).Open(TimeProvider.System));

        Assert.Contains("refuses the connection", exception.Message, StringComparison.Ordinal);
        Assert.Contains(url, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_camera_that_was_closed_gives_no_more_pictures()
    {
        using var server = new ScriptedServer();
        server.Say(Multipart);
        server.Say(Part(50));
        var camera = CameraRegistry.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();
        camera.Read(picture);

        camera.Dispose();

        Assert.ThrowsAny<CameraException>(() => camera.Read(picture));
    }

    private static byte[] Part(int grey)
    {
        using var picture = new Mat(48, 64, MatType.CV_8UC3, Scalar.All(grey));
        Cv2.ImEncode(".jpg", picture, out var jpeg);
        return
        [
            .. Ascii($"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {jpeg.Length}\r\n\r\n"),
            .. jpeg,
            .. Ascii("\r\n"),
        ];
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    /// <summary>Says to its one visitor what the test says, and hangs up when told to.</summary>
    private sealed class ScriptedServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly System.Collections.Concurrent.BlockingCollection<byte[]> _words = [];

        public ScriptedServer()
        {
            _listener.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/video";
            new Thread(Serve) { IsBackground = true }.Start();
        }

        public string Url { get; }

        public void Say(string words) => Say(Ascii(words));

        public void Say(byte[] words) => _words.Add(words);

        public void HangUp() => _words.CompleteAdding();

        public void Dispose()
        {
            _words.CompleteAdding();
            _listener.Dispose();
        }

        private void Serve()
        {
            try
            {
                using var visitor = _listener.AcceptTcpClient();
                var stream = visitor.GetStream();
                using var request = new StreamReader(stream, leaveOpen: true);
                while (!string.IsNullOrEmpty(request.ReadLine()))
                {
                    // To the end of the request's headers, so that hanging up does not look like a reset.
                }

                foreach (var words in _words.GetConsumingEnumerable())
                    stream.Write(words);
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                // Nobody came, or the visitor has gone.
            }
        }
    }
}
