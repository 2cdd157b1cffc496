using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using OpenCvSharp;
using Vla.Sensors.Cameras.Streams;
using Vla.Sensors.Images;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Sensors.Cameras;

/// <summary>
/// A network camera that serves Motion JPEG over HTTP or HTTPS: one endless answer, JPEG pictures in it.
/// </summary>
/// <remarks>Reads it itself: the FFmpeg inside OpenCV's official Linux package is built without network.</remarks>
internal sealed class MotionJpegCamera : StreamCamera
{
    // Small, so that a camera waits with its next picture while the line is slow, rather than sending it to wait here.
    private const int ReceiveBuffer = 256 * 1024;

    private readonly Uri _address;
    private readonly HttpClient _client;
    private readonly JpegCheck _check = new();
    private readonly long _startedNs;
    private ArrivalStream? _connection;
    private string? _answered;
    private bool _isMultipart;
    private long _pictures;
    private long _receivedBefore;

    private MotionJpegCamera(CameraSource.Url source, TimeProvider time)
        : base(source.Name, time)
    {
        _address = source.Address;
        _startedNs = time.NowNs();
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (context, _) => ValueTask.FromResult<Stream>(Connect(context.DnsEndPoint)),
            // What stands between would collect pictures; a camera is near.
            UseProxy = false,
            MaxResponseDrainSize = 0,
        };
        if (source.Address.UserInfo.Split(':', 2) is [{ Length: > 0 } user, var password])
            handler.Credentials = new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password));
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <exception cref="CameraException">Nobody answers, or what answers is no Motion JPEG; the message says
    /// which.</exception>
    public static MotionJpegCamera Open(CameraSource.Url source, TimeProvider time)
    {
        var camera = new MotionJpegCamera(source, time);
        try
        {
            camera.Begin();
            return camera;
        }
        catch
        {
            camera.Dispose();
            throw;
        }
    }

    protected override void Receive()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _address);
        using var response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode)
            throw new InvalidDataException(
                $"answers {(int)response.StatusCode} ({response.ReasonPhrase}); check the path and the password"
            );

        _answered = response.Content.Headers.ContentType?.MediaType ?? "no content type";
        _isMultipart = _answered.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase);
        if (_answered.StartsWith("text/", StringComparison.OrdinalIgnoreCase))
            throw NoMotionJpeg();

        var reader = new MotionJpegReader(response.Content.ReadAsStream(), () => _connection!.ArrivedNs);
        var times = new ArrivalTimes(_startedNs);
        var broken = 0L;
        while (!IsClosed)
        {
            var jpeg = reader.Next(out var arrival);
            for (; broken < reader.Broken; broken++)
                Inbox.PassOver("a picture that broke off");
            _connection!.Deadline = Time.NowNs() + (long)PictureTimeout.TotalNanoseconds;
            _receivedBefore = _connection.Received;
            var takenNs = times.TakenNs(arrival);
            // Outside of parts, a second picture must show that this is more than a single one.
            if (++_pictures == 1 && !_isMultipart)
            {
                Inbox.PassOver(null);
                continue;
            }

            var received = Inbox.Rent();
            jpeg.CopyTo(received.Write(jpeg.Length));
            received.TakenNs = takenNs;
            Inbox.Put(received);
        }
    }

    protected override void Close()
    {
        _connection?.Dispose();
        _client.Dispose();
    }

    protected override (int Width, int Height) SizeOf(ReceivedPicture received)
    {
        var header = PictureHeader.Read(received.Bytes);
        return ((int)header.Width, (int)header.Height);
    }

    protected override string? Decode(ReceivedPicture received, Mat picture)
    {
        // First, so that libjpeg has nothing to complain of: it would write to standard error.
        if (_check.Damage(received.Bytes) is { } damage)
            return damage;
        return PictureDecoder.TryDecode(received.Bytes, picture) ? null : "cannot be decoded";
    }

    protected override CameraException Reason(Exception exception)
    {
        var what = WhyNot(exception);
        return IsOpened ? Lost(what, exception) : new CameraException($"camera '{Name}' {what}", exception);
    }

    /// <summary>A connection with deadlines, which HttpClient's own do not have once the answer has begun.</summary>
    private ArrivalStream Connect(DnsEndPoint server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveBufferSize = ReceiveBuffer,
        };
        try
        {
            using var deadline = new CancellationTokenSource(PictureTimeout);
            socket.ConnectAsync(server, deadline.Token).AsTask().GetAwaiter().GetResult();
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return _connection = new ArrivalStream(socket, Time)
            {
                Deadline = Time.NowNs() + (long)PictureTimeout.TotalNanoseconds,
            };
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

    private InvalidDataException NoMotionJpeg() =>
        new($"answers with '{_answered}', not with Motion JPEG; check the path");

    private string WhyNot(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case InvalidDataException wrong:
                    return wrong.Message;
                case SilenceException when _answered is null:
                    return "takes the connection but does not answer; check host and port, and that the camera works";
                case SilenceException:
                    return $"has sent nothing for {ArrivalStream.Silence.TotalSeconds:0} s";
                case TimeoutException when _answered is null && _connection is null:
                    return NoAnswer;
                case TimeoutException:
                    return $"has sent {Amount(_connection!.Received - _receivedBefore)} in "
                        + $"{PictureTimeout.TotalSeconds:0} s but no whole picture; check the path, and that the "
                        + "network is quick enough for its pictures";
                case EndOfStreamException when _pictures == 1 && !_isMultipart:
                    return "answers with a single picture, not with a stream; give the address of its Motion JPEG "
                        + "video";
                case EndOfStreamException when _pictures == 0 && _answered is not null:
                    return NoMotionJpeg().Message;
                case AuthenticationException:
                    return $"has a certificate that this machine does not trust: {cause.Message}";
                case SocketException socket when Words(socket.SocketErrorCode) is { } words:
                    return words;
            }
        }

        return _pictures > 0
            ? "sends no more pictures"
            : $"cannot be read: {exception.Message.ReplaceLineEndings(" ")}";
    }

    private const string NoAnswer = "does not answer; check host and port, and that the camera is on";

    private string? Words(SocketError error) =>
        error switch
        {
            SocketError.ConnectionRefused => "refuses the connection; check host and port, and that the camera is on",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                $"cannot be found: there is no host '{_address.Host}'",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable =>
                "cannot be reached from this machine; check the network",
            SocketError.TimedOut or SocketError.WouldBlock => NoAnswer,
            _ => null,
        };

    private static string Amount(long bytes) =>
        bytes < 10_000
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes:#,0} bytes")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000:#,0} kB");
}
