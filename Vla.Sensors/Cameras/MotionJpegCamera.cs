using System.Net;
using System.Net.Sockets;
using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>A network camera that serves Motion JPEG over HTTP or HTTPS: one endless answer, a JPEG in each part.</summary>
/// <remarks>Reads it itself: the FFmpeg inside OpenCV's official Linux package is built without network.</remarks>
internal sealed class MotionJpegCamera : ICamera
{
    private const int OpenTimeoutMs = 5_000;
    private const int ReadTimeoutMs = 2_000;
    private const int MaximumDamagedPictures = 30;

    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly Mat _first = new();
    private HttpResponseMessage? _response;
    private MultipartReader? _parts;
    private long _firstNs;

    private MotionJpegCamera(CameraSource.Url source, TimeProvider time)
    {
        _name = source.Name;
        _time = time;
        var handler = new SocketsHttpHandler { ConnectCallback = (context, _) => ValueTask.FromResult<Stream>(Connect(context.DnsEndPoint)) };
        if (source.Address.UserInfo.Split(':', 2) is [{ Length: > 0 } user, var password])
            handler.Credentials = new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password));
        _client = new HttpClient(handler);
        Description = new CameraDescription(_name, 0, 0, 0);
    }

    public CameraDescription Description { get; private set; }

    /// <exception cref="CameraException">Nobody answers, or what answers is no Motion JPEG; the message says which.</exception>
    public static MotionJpegCamera Open(CameraSource.Url source, TimeProvider time)
    {
        var camera = new MotionJpegCamera(source, time);
        try
        {
            camera.Begin(source.Address);
            return camera;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or InvalidDataException)
        {
            camera.Dispose();
            throw new CameraException($"camera '{source.Name}' {WhyNot(exception, source.Address)}", exception);
        }
        catch
        {
            camera.Dispose();
            throw;
        }
    }

    public long Read(Mat picture)
    {
        if (!_first.IsDisposed)
        {
            _first.CopyTo(picture);
            _first.Dispose();
            return _firstNs;
        }

        try
        {
            return ReadPart(picture);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            var what = exception.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock }
                ? $"has sent nothing for {ReadTimeoutMs / 1_000} s"
                : "sends no more pictures";
            throw new CameraLostException($"camera '{_name}' {what}", exception);
        }
    }

    public void Dispose()
    {
        _response?.Dispose();
        _client.Dispose();
        _first.Dispose();
    }

    /// <summary>Asks for the stream and waits for its first picture, which tells the size.</summary>
    private void Begin(Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        _response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead);
        if (!_response.IsSuccessStatusCode)
            throw new InvalidDataException($"answers {(int)_response.StatusCode} ({_response.ReasonPhrase}); check the path and the password");

        _parts = new MultipartReader(_response.Content.ReadAsStream(), _time);
        try
        {
            _firstNs = ReadPart(_first);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            var kind = _response.Content.Headers.ContentType?.MediaType ?? "no content type";
            throw new InvalidDataException($"answers with '{kind}', not with Motion JPEG; check the path", exception);
        }

        Description = new CameraDescription(_name, _first.Width, _first.Height, 0);
    }

    private long ReadPart(Mat picture)
    {
        for (var attempt = 0; attempt < MaximumDamagedPictures; attempt++)
        {
            var jpeg = _parts!.ReadPart(out var arrivedNs);
            using var decoded = Decode(jpeg);
            if (decoded is null || decoded.Empty()) continue;
            decoded.CopyTo(picture);
            return arrivedNs;
        }

        throw new InvalidDataException("only damaged pictures");
    }

    private static Mat? Decode(ReadOnlySpan<byte> jpeg)
    {
        try
        {
            return jpeg.IsEmpty ? null : Cv2.ImDecode(jpeg, ImreadModes.Color);
        }
        catch (OpenCVException)
        {
            return null;
        }
    }

    /// <summary>A connection whose reads time out, which HttpClient's own do not once the answer has begun.</summary>
    private static NetworkStream Connect(DnsEndPoint server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = ReadTimeoutMs };
        try
        {
            using var deadline = new CancellationTokenSource(OpenTimeoutMs);
            socket.ConnectAsync(server, deadline.Token).AsTask().GetAwaiter().GetResult();
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string WhyNot(Exception exception, Uri address)
    {
        if (exception is InvalidDataException) return exception.Message;
        var socketError = (exception as SocketException ?? exception.InnerException as SocketException)?.SocketErrorCode;
        return socketError switch
        {
            SocketError.ConnectionRefused => "refuses the connection; check host and port, and that the camera is on",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"cannot be found: there is no host '{address.Host}'",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "cannot be reached from this machine; check the network",
            SocketError.TimedOut or SocketError.WouldBlock => "does not answer; check host and port, and that the camera is on",
            _ => $"cannot be read: {exception.Message}",
        };
    }
}
