using OpenCvSharp;

namespace Vla.Sensors.Cameras.Streams;

/// <summary>
/// A camera whose pictures come by themselves over a connection, which a thread of its own reads all the time.
/// </summary>
/// <remarks>
/// Only the newest whole picture is decoded: what came meanwhile is passed over undecoded. A picture that is damaged or
/// of another size than the first is left out and counted.
/// </remarks>
internal abstract class StreamCamera : ICamera
{
    /// <summary>
    /// So long a camera may take to connect and send a first whole picture, and then for each further one.
    /// </summary>
    protected static readonly TimeSpan PictureTimeout = TimeSpan.FromSeconds(5);

    // The reader notices by itself that nothing comes, and says what does; this is for a reader that hangs.
    private static readonly TimeSpan ReaderTimeout = 3 * PictureTimeout;
    private const int MaximumUnusable = 30;

    private readonly Thread _reader;
    private readonly Mat _first = new();
    private ReceivedPicture? _firstPicture;
    private (int Width, int Height)? _size;
    private volatile bool _closed;
    private long _given;
    private long _number;
    private long _damaged;
    private long _wrongSize;
    private string? _problem;

    protected StreamCamera(string name, TimeProvider time)
    {
        Name = name;
        Time = time;
        Description = new CameraDescription(name, 0, 0, 0);
        _reader = new Thread(Run) { Name = "camera-reader", IsBackground = true };
    }

    public CameraDescription Description { get; private set; }

    public bool IsLive => true;

    public LeftOut LeftOut { get; private set; }

    protected string Name { get; }

    protected TimeProvider Time { get; }

    protected PictureInbox Inbox { get; } = new();

    protected bool IsClosed => _closed;

    /// <summary>True once a first picture was decoded.</summary>
    protected bool IsOpened => Volatile.Read(ref _firstPicture) is not null;

    public long Read(Mat picture)
    {
        // The first picture told the size; it is given out only while it is the newest.
        if (!_first.IsDisposed)
        {
            var isNewest = !Inbox.HasPicture;
            if (isNewest)
                _first.CopyTo(picture);
            _first.Dispose();
            if (isNewest)
                return Give(_firstPicture!);
            Inbox.Return(_firstPicture!);
        }

        return Give(TakeUsable(picture));
    }

    public void Dispose()
    {
        _closed = true;
        Close();
        if (_reader.IsAlive && Thread.CurrentThread != _reader)
            _reader.Join(TimeSpan.FromSeconds(1));
        _first.Dispose();
    }

    /// <summary>Starts reading and waits for the first picture.</summary>
    /// <exception cref="CameraException">None came; the message says what did.</exception>
    protected void Begin()
    {
        _reader.Start();
        var picture = TakeUsable(_first);
        Description = new CameraDescription(Name, _first.Width, _first.Height, 0);
        Volatile.Write(ref _firstPicture, picture);
    }

    /// <summary>
    /// Connects and puts pictures into the <see cref="Inbox"/> until something ends it; called on the reader's thread.
    /// </summary>
    protected abstract void Receive();

    /// <summary>What to say of whatever <see cref="Receive"/> threw.</summary>
    protected abstract CameraException Reason(Exception exception);

    /// <summary>Makes <see cref="Receive"/> end.</summary>
    protected abstract void Close();

    /// <summary>The size of a picture that came, before it is decoded.</summary>
    /// <exception cref="Images.PictureException">It is no picture, or too large.</exception>
    protected abstract (int Width, int Height) SizeOf(ReceivedPicture received);

    /// <summary>Decodes a picture that came.</summary>
    /// <returns>What is wrong with it; null when it is good.</returns>
    protected abstract string? Decode(ReceivedPicture received, Mat picture);

    protected CameraLostException Lost(string what, Exception? inner = null) => new($"camera '{Name}' {what}", inner);

    private void Run()
    {
        try
        {
            Receive();
        }
        catch (Exception exception)
        {
            // Whatever the connection throws ends this camera, never the process.
            Inbox.End(Reason(exception));
        }
    }

    private long Give(ReceivedPicture received)
    {
        _given++;
        _number = received.Number;
        var damaged = _damaged + Inbox.Broken;
        LeftOut = new LeftOut(
            Math.Max(0, _number - _given - damaged - _wrongSize),
            damaged,
            _wrongSize,
            _problem ?? Inbox.Problem
        );
        var takenNs = received.TakenNs;
        Inbox.Return(received);
        return takenNs;
    }

    private ReceivedPicture TakeUsable(Mat picture)
    {
        for (var unusable = 0; unusable < MaximumUnusable; unusable++)
        {
            var received =
                Inbox.Take(ReaderTimeout)
                ?? throw Lost($"has sent no whole picture for {ReaderTimeout.TotalSeconds:0} s");
            if (IsUsable(received, picture))
                return received;
            Inbox.Return(received);
        }

        throw Lost($"sends only pictures that are of no use: {_problem}");
    }

    private bool IsUsable(ReceivedPicture received, Mat picture)
    {
        try
        {
            var size = SizeOf(received);
            if (_size is { } expected && size != expected)
            {
                _wrongSize++;
                _problem = $"a picture of {size.Width}x{size.Height} instead of {expected.Width}x{expected.Height}";
                return false;
            }

            if (Decode(received, picture) is not { } problem)
            {
                _size = size;
                return true;
            }

            _problem = $"a picture that {problem}";
        }
        catch (Images.PictureException exception)
        {
            _problem = $"a picture that {exception.Message}";
        }

        _damaged++;
        return false;
    }
}
