using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCvSharp;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Sensors.Cameras;

public sealed class MotionJpegCameraTests
{
    private const string Multipart = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n";

    [Fact]
    public async Task Pictures_are_read_in_order_until_the_server_goes_away()
    {
        using var server = new OneAnswerServer([.. Ascii(Multipart), .. Part(50), .. Part(100), .. Part(150)]);
        using var camera = CameraSource.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();

        Assert.Equal((64, 48), (camera.Description.Width, camera.Description.Height));
        foreach (var grey in new[] { 50, 100, 150 })
        {
            camera.Read(picture);
            Assert.Equal(grey, picture.Mean().Val0, tolerance: 2);
        }

        Assert.Contains("no more pictures", Assert.Throws<CameraLostException>(() => camera.Read(picture)).Message, StringComparison.Ordinal);
        await server.Served;
    }

    [Fact]
    public async Task A_damaged_picture_is_left_out()
    {
        using var server = new OneAnswerServer([.. Ascii(Multipart), .. Part(50), .. Ascii("--b\r\nContent-Length: 4\r\n\r\njunk\r\n"), .. Part(150)]);
        using var camera = CameraSource.Parse(server.Url).Open(TimeProvider.System);
        using var picture = new Mat();

        camera.Read(picture);
        camera.Read(picture);

        Assert.Equal(150, picture.Mean().Val0, tolerance: 2);
        await server.Served;
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers 404 (Not Found); check the path")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>", "answers with 'text/html', not with Motion JPEG")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>\n<body>", "answers with 'text/html', not with Motion JPEG")]
    public async Task A_server_that_sends_something_else_is_refused(string answer, string expected)
    {
        using var server = new OneAnswerServer(Ascii(answer));

        var exception = Assert.Throws<CameraException>(() => CameraSource.Parse(server.Url).Open(TimeProvider.System));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        await server.Served;
    }

    [Fact]
    public void A_refused_connection_is_said_so()
    {
        string url;
        using (var server = new OneAnswerServer([])) url = server.Url;

        var exception = Assert.Throws<CameraException>(() => CameraSource.Parse(url).Open(TimeProvider.System));

        Assert.Contains("refuses the connection", exception.Message, StringComparison.Ordinal);
        Assert.Contains(url, exception.Message, StringComparison.Ordinal);
    }

    private static byte[] Part(int grey)
    {
        using var picture = new Mat(48, 64, MatType.CV_8UC3, Scalar.All(grey));
        Cv2.ImEncode(".jpg", picture, out var jpeg);
        return [.. Ascii($"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {jpeg.Length}\r\n\r\n"), .. jpeg, .. Ascii("\r\n")];
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    /// <summary>Answers its one visitor and hangs up.</summary>
    private sealed class OneAnswerServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public OneAnswerServer(byte[] answer)
        {
            _listener.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/video";
            Served = answer.Length == 0 ? Task.CompletedTask : Serve(answer);
        }

        public string Url { get; }

        public Task Served { get; }

        public void Dispose() => _listener.Dispose();

        private async Task Serve(byte[] answer)
        {
            using var visitor = await _listener.AcceptTcpClientAsync();
            var stream = visitor.GetStream();
            using var request = new StreamReader(stream, leaveOpen: true);
            while (!string.IsNullOrEmpty(await request.ReadLineAsync()))
            {
                // To the end of the request's headers, so that hanging up does not look like a reset.
            }

            await stream.WriteAsync(answer);
        }
    }
}
