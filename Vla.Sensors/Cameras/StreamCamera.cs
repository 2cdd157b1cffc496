using System.Net.Sockets;
using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>A network camera: Motion JPEG over HTTP(S), or RTSP(S) over TCP, read with FFmpeg.</summary>
internal sealed class StreamCamera : OpenCvCamera
{
    private const int OpenTimeoutMs = 5_000;
    private const int ReadTimeoutMs = 2_000;
    private const int RtspPort = 554;
    private const int RtspsPort = 322;

    // Open-only properties of OpenCV's FFmpeg backend that OpenCvSharp has no names for.
    private const int OpenTimeoutMsec = 53;
    private const int ReadTimeoutMsec = 54;
    private const int Threads = 70;

    private StreamCamera(string name, VideoCapture capture, TimeProvider time)
        : base(name, capture, time)
    {
    }

    /// <exception cref="CameraException">Nobody answers, or what answers is no stream; the message says which.</exception>
    public static StreamCamera Open(CameraSource.Url source, TimeProvider time)
    {
        // One decoder thread: with several, FFmpeg decodes that many pictures at once and each comes out as much later.
        int[] parameters = [OpenTimeoutMsec, OpenTimeoutMs, ReadTimeoutMsec, ReadTimeoutMs, Threads, 1];
        var capture = TryOpen(source.Address.AbsoluteUri, VideoCaptureAPIs.FFMPEG, parameters)
            ?? throw new CameraException($"camera '{source.Name}' {WhyNot(source.Address)}");
        return new StreamCamera(source.Name, capture, time);
    }

    /// <summary>FFmpeg only says that it failed, so ask the server once more, in a way that tells.</summary>
    /// <remarks>Afterwards, not before: some servers take a single visitor.</remarks>
    private static string WhyNot(Uri address)
    {
        try
        {
            return address.Scheme is "http" or "https" ? AskHttp(address) : AskTcp(address);
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or OperationCanceledException)
        {
            return Refusal(address, exception) + "; check the address and that the camera is on";
        }
    }

    private static string AskHttp(Uri address)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromMilliseconds(OpenTimeoutMs) };
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var response = client.Send(request, HttpCompletionOption.ResponseHeadersRead);
        return response.IsSuccessStatusCode
            ? $"answers with '{response.Content.Headers.ContentType?.MediaType ?? "no content type"}', not with a video stream; check the path"
            : $"answers {(int)response.StatusCode} ({response.ReasonPhrase}); check the path and the password";
    }

    private static string AskTcp(Uri address)
    {
        var port = address.Port > 0 ? address.Port : address.Scheme == "rtsps" ? RtspsPort : RtspPort;
        using var client = new TcpClient();
        using var deadline = new CancellationTokenSource(OpenTimeoutMs);
        client.ConnectAsync(address.Host, port, deadline.Token).AsTask().GetAwaiter().GetResult();
        return "answers, but sends no stream; check the path and the password";
    }

    private static string Refusal(Uri address, Exception exception) =>
        (exception as SocketException ?? exception.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "refuses the connection",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"cannot be found: no host '{address.Host}'",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "cannot be reached from this machine",
            null when exception is OperationCanceledException => $"does not answer within {OpenTimeoutMs / 1_000} s",
            _ => $"cannot be opened: {exception.Message}",
        };
}
