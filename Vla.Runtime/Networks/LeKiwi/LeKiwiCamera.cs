using OpenCvSharp;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Cameras.Streams;
using Vla.Sensors.Images;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Runtime.Networks.LeKiwi;

/// <summary>
/// One of the cameras of LeKiwi's host, over the connection that the robot has: <c>lekiwi://HOST/front</c>.
/// </summary>
internal sealed class LeKiwiCamera : StreamCamera
{
    private const int LookMs = 100;

    private readonly LeKiwiCameraSource _source;
    private readonly JpegCheck _check = new();
    private readonly Listener _listener;

    private LeKiwiCamera(LeKiwiCameraSource source, TimeProvider time)
        : base(source.Name, time)
    {
        _source = source;
        _listener = new Listener(this);
    }

    /// <exception cref="CameraException">No picture comes; the message says why.</exception>
    public static LeKiwiCamera Open(LeKiwiCameraSource source, TimeProvider time)
    {
        var camera = new LeKiwiCamera(source, time);
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
        try
        {
            LeKiwiFeed.Join(_source.Address, _listener, Time);
            var beganMs = Environment.TickCount64;
            while (!IsClosed)
            {
                if (_listener.Ended.Wait(LookMs))
                    throw new RobotException(_listener.Failure!);
                var silentMs = Environment.TickCount64 - Math.Max(beganMs, _listener.HeardAtMs);
                if (silentMs > PictureTimeout.TotalMilliseconds)
                    throw new RobotException(_listener.WhyNone(_source.Camera));
            }
        }
        finally
        {
            LeKiwiFeed.Leave(_listener);
        }
    }

    protected override void Close() => LeKiwiFeed.Leave(_listener);

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
        if (!PictureDecoder.TryDecode(received.Bytes, picture))
            return "cannot be decoded";
        // The host had them exchanged when it encoded them.
        Cv2.CvtColor(picture, picture, ColorConversionCodes.BGR2RGB);
        return null;
    }

    protected override CameraException Reason(Exception exception)
    {
        var what = exception.Message.ReplaceLineEndings(" ");
        return IsOpened
            ? Lost($"is lost: {what}", exception)
            : new CameraException($"camera '{Name}' cannot be opened: {what}", exception);
    }

    /// <summary>Puts the camera's pictures in.</summary>
    private sealed class Listener(LeKiwiCamera camera) : LeKiwiListener
    {
        private ArrivalTimes _times = new(camera.Time.NowNs());
        private long _heardAtMs;
        private volatile string? _problem;
        private volatile string _cameras = "";

        public ManualResetEventSlim Ended { get; } = new(false);

        public string? Failure { get; private set; }

        public long HeardAtMs => Interlocked.Read(ref _heardAtMs);

        public override void Connected(long nowNs) => _times = new ArrivalTimes(nowNs);

        public override void Heard(LeKiwiMessage message, long arrivedNs)
        {
            var takenNs = _times.TakenNs(new PictureArrival(arrivedNs, arrivedNs, message.Length, 1));
            var jpeg = message.Picture(camera._source.Camera).Span;
            // Said only until there was one: it is put together for that alone.
            if (_heardAtMs == 0 && jpeg.IsEmpty)
                _cameras = string.Join(", ", message.Cameras);
            if (jpeg.IsEmpty)
                return;
            var picture = camera.Inbox.Rent();
            jpeg.CopyTo(picture.Write(jpeg.Length));
            picture.TakenNs = takenNs;
            camera.Inbox.Put(picture);
            Interlocked.Exchange(ref _heardAtMs, Environment.TickCount64);
        }

        public override void PassOver(string problem)
        {
            _problem = problem;
            camera.Inbox.PassOver(problem);
        }

        public override void Fail(string why)
        {
            Failure ??= why;
            Ended.Set();
        }

        public string WhyNone(string name) =>
            _problem is { } problem ? $"no picture of '{name}': {problem}"
            : _cameras.Length > 0 ? $"no picture of '{name}': the host's cameras are {_cameras}"
            : $"no picture of '{name}': the host sends none";
    }
}
