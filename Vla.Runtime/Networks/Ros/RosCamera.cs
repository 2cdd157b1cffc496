using OpenCvSharp;
using Vla.Actors.Robots;
using Vla.Runtime.Networks.WebSockets;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Cameras.Streams;
using Vla.Sensors.Images;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Runtime.Networks.Ros;

/// <summary>Pictures of a <see cref="RosCameraSource"/>.</summary>
internal sealed class RosCamera : StreamCamera
{
    /// <summary>Bytes of the longest message: a picture of 4K as text.</summary>
    private const int LongestMessage = 64 * 1024 * 1024;

    private const int LookMs = 100;

    private readonly RosCameraSource _source;
    private readonly RosPicture _picture = new();
    private readonly JpegCheck _check = new();
    private WebSocketConnection? _connection;
    private RosStamps? _stamps;
    private long _heardAtMs;
    private volatile string? _said;

    private RosCamera(RosCameraSource source, TimeProvider time)
        : base(source.Name, time) => _source = source;

    /// <exception cref="CameraException">No picture comes; the message says why.</exception>
    public static RosCamera Open(RosCameraSource source, TimeProvider time)
    {
        var camera = new RosCamera(source, time);
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
        _stamps = new RosStamps(Time.NowNs(), Time);
        using var connection = WebSocketConnection.Open(
            _source.Address,
            "the rosbridge",
            Take,
            LongestMessage,
            Time,
            CancellationToken.None
        );
        _connection = connection;
        _heardAtMs = Environment.TickCount64;
        connection.Begin();
        using (var messages = new RosMessages())
            connection.Send(
                messages.Subscribe(_source.Topic, _source.TypeName, _source.RateHz),
                _source.Address.Timeout
            );
        while (!IsClosed && !connection.WaitEnded(LookMs))
        {
            var silentMs = Environment.TickCount64 - Interlocked.Read(ref _heardAtMs);
            if (silentMs <= PictureTimeout.TotalMilliseconds)
                continue;
            var why = _said is { } said ? $": {said}" : "; see that the topic is right, and published";
            throw new RobotException($"no picture of {_source.Topic} for {PictureTimeout.TotalSeconds:0} s{why}");
        }

        throw new RobotException(connection.Failure ?? "the connection was closed");
    }

    protected override void Close() => _connection?.Dispose();

    protected override (int Width, int Height) SizeOf(ReceivedPicture received)
    {
        if (received.PixelWidth > 0)
            return received.Size;
        var header = PictureHeader.Read(received.Bytes);
        return ((int)header.Width, (int)header.Height);
    }

    protected override string? Decode(ReceivedPicture received, Mat picture)
    {
        if (received.PixelWidth > 0)
        {
            RosPicture.Copy(received, picture);
            return null;
        }

        // First, so that libjpeg has nothing to complain of: it would write to standard error.
        if (received.Bytes is [0xff, 0xd8, ..] && _check.Damage(received.Bytes) is { } damage)
            return damage;
        return PictureDecoder.TryDecode(received.Bytes, picture) ? null : "cannot be decoded";
    }

    protected override CameraException Reason(Exception exception)
    {
        var what = exception is RobotException ? exception.Message : exception.Message.ReplaceLineEndings(" ");
        return IsOpened
            ? Lost($"is lost: {what}", exception)
            : new CameraException($"camera '{Name}' cannot be opened: {what}", exception);
    }

    private void Take(WebSocketConnection from, ReadOnlySpan<byte> text, long arrivedNs)
    {
        var received = RosReceived.Read(text, [_source.Topic], out var problem);
        if (problem is not null)
        {
            Inbox.PassOver(problem);
            return;
        }

        if (received.Operation == "status")
        {
            if (received.Level is "error" or "warning")
                _said = $"the bridge says: {received.Words}";
            return;
        }

        if (received.Operation != "publish" || received.Topic != _source.Topic || !received.HasMessage)
            return;
        var picture = Inbox.Rent();
        problem = _picture.Read(received.Message, _source.MessageType, picture, out var stampNs);
        var takenNs = _stamps!.AtNs(stampNs, arrivedNs);
        if (problem is not null)
        {
            _said = problem;
            Inbox.Return(picture);
            Inbox.PassOver(problem);
            return;
        }

        Interlocked.Exchange(ref _heardAtMs, Environment.TickCount64);
        picture.TakenNs = takenNs;
        Inbox.Put(picture);
    }
}
