using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCvSharp;

namespace Vla.Tests.Runtime.Pages;

/// <summary>A network camera that can be unplugged: a Motion-JPEG stream of grey pictures.</summary>
internal sealed class PictureStream : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _unplugged = new();
    private readonly Task _serving;

    public PictureStream()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/stream.mjpg";

    /// <summary>Ends the stream, and nobody answers any more.</summary>
    public void Unplug()
    {
        _unplugged.Cancel();
        _listener.Stop();
    }

    public void Dispose()
    {
        Unplug();
        _serving.Wait(TimeSpan.FromSeconds(30));
        _unplugged.Dispose();
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                await SendAsync(await _listener.AcceptTcpClientAsync(_unplugged.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
        {
            // Unplugged.
        }
    }

    private async Task SendAsync(TcpClient viewer)
    {
        using (viewer)
        {
            var stream = viewer.GetStream();
            await stream.WriteAsync(
                "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n\r\n"u8.ToArray(),
                _unplugged.Token
            );
            for (var i = 0; ; i++)
            {
                using var picture = new Mat(120, 160, MatType.CV_8UC3, Scalar.All(i % 200));
                Cv2.ImEncode(".jpg", picture, out var jpeg);
                var head = $"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {jpeg.Length}\r\n\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _unplugged.Token);
                await stream.WriteAsync(jpeg, _unplugged.Token);
                await stream.WriteAsync("\r\n"u8.ToArray(), _unplugged.Token);
                await Task.Delay(Pace, _unplugged.Token);
            }
        }
    }
}
