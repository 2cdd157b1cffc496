using OpenCvSharp;
using Vla.Sensors.Images;

namespace Vla.Sensors.Cameras;

/// <summary>Reads one camera on a thread of its own and keeps only the newest prepared frame.</summary>
/// <remarks>
/// The thread never waits for whoever takes the frames: it goes on reading at the camera's rate, so that no old picture
/// waits in the driver, and puts each frame into a one-slot cell. A frame that was not taken in time goes back to the
/// pool.
/// </remarks>
public sealed class CameraCapture : IFrameCell, IDisposable
{
    /// <summary>Longer than any camera's own read timeout, so only a stuck driver is left behind.</summary>
    private static readonly TimeSpan MaximumCloseTime = TimeSpan.FromSeconds(OpenCvNative.SilentDeviceSeconds + 1);

    /// <summary>
    /// So many pictures in a row of another size, and the camera is no longer the one that was opened.
    /// </summary>
    private const int MaximumWrongSize = 30;

    private readonly Func<ICamera> _open;
    private readonly FramePool _pool;
    private readonly TimeProvider _time;
    private readonly ICaptureEvents _events;
    private readonly Thread _thread;
    private readonly RecentPictures _pictures = new();
    private readonly (int Width, int Height)? _expected;
    private readonly long _lastSequence;
    private Frame? _newest;
    private long _given;
    private long _wrongSize;
    private int _wrongSizeInARow;
    private long _sameSinceNs;
    private LeftOut _leftOut;
    private long _replaced;
    private volatile bool _stopping;

    /// <param name="open">Opens the camera, or hands over one already opened; called once, on the capture
    /// thread.</param>
    /// <param name="pool">Gives the frames' memory and says which picture the policy wants.</param>
    /// <param name="time">The clock of every stamp.</param>
    /// <param name="lastSequence">The number of the last frame of an earlier capture; 0 for the first.</param>
    /// <param name="events">Told from the capture thread.</param>
    /// <param name="expected">The size that a live camera had before it was lost: with another it is another
    /// camera.</param>
    public CameraCapture(
        Func<ICamera> open,
        FramePool pool,
        TimeProvider time,
        long lastSequence,
        ICaptureEvents events,
        (int Width, int Height)? expected = null
    )
    {
        _expected = expected;
        _open = open;
        _pool = pool;
        _time = time;
        _lastSequence = lastSequence;
        _events = events;
        _thread = new Thread(Run) { Name = "camera", IsBackground = true };
    }

    /// <summary>Frames replaced by a newer one before anyone used them.</summary>
    public long Replaced => Volatile.Read(ref _replaced);

    /// <summary>
    /// Pictures that came and were not made into frames; of the capture thread, to be read in its events.
    /// </summary>
    public LeftOut LeftOut => _leftOut;

    /// <summary>
    /// Since when a live camera's pictures have been the same to the last byte, monotonic nanoseconds: the newest one's
    /// time where it is another than the one before it. Of the capture thread, to be read in its events.
    /// </summary>
    public long SameSinceNs => _sameSinceNs;

    /// <summary>
    /// When the newest frame's picture was taken, monotonic nanoseconds; of the capture thread, to be read in its
    /// events.
    /// </summary>
    public long CapturedNs { get; private set; }

    /// <summary>True while the thread has not ended, whether or not it is wanted.</summary>
    public bool IsRunning => _thread.IsAlive;

    /// <summary>Starts the thread. Opening happens there: this returns at once.</summary>
    public void Start() => _thread.Start();

    /// <summary>Hands over the newest frame, or null when there has been none since the last call.</summary>
    public Frame? TakeNewest() => Interlocked.Exchange(ref _newest, null);

    /// <inheritdoc/>
    public void Replace(Frame unseen)
    {
        unseen.Dispose();
        Interlocked.Increment(ref _replaced);
    }

    /// <summary>
    /// Copies the newest picture as the camera gave it, for a person to look at. Costs nothing until called.
    /// </summary>
    /// <param name="into">Receives BGR, 8 bits, [height, width, 3].</param>
    /// <param name="stamp">Which picture that is.</param>
    /// <returns>False when there is none, before the first and after the last picture.</returns>
    public bool TryCopyPicture(Mat into, out PictureStamp stamp) => _pictures.TryCopy(into, out stamp);

    /// <summary>Copies the picture of a number as the camera gave it.</summary>
    /// <param name="sequence">As <see cref="Frame.Sequence"/>.</param>
    /// <param name="into">Receives BGR, 8 bits, [height, width, 3].</param>
    /// <param name="stamp">Which picture that is.</param>
    /// <returns>False when it is not kept any more (<see cref="KeepPictures"/>), or never was.</returns>
    public bool TryCopyPicture(long sequence, Mat into, out PictureStamp stamp) =>
        _pictures.TryCopy(sequence, into, out stamp);

    /// <summary>Keeps so many of the newest pictures to be copied; one alone when never called.</summary>
    public void KeepPictures(int count) => _pictures.Keep(count);

    /// <summary>Ends the thread, waiting a bounded time for a device that blocks, closes the camera.</summary>
    public void Dispose() => Dispose(MaximumCloseTime);

    /// <summary>
    /// As <see cref="Dispose()"/>, waiting no longer than told: a thread that is known to hang is not waited for.
    /// </summary>
    public void Dispose(TimeSpan wait)
    {
        _stopping = true;
        var started = (_thread.ThreadState & ThreadState.Unstarted) == 0;
        // A thread that is still stuck in its driver after this closes the camera when it comes back.
        if (started && Thread.CurrentThread != _thread)
            _thread.Join(wait);
        if (!started)
            _pictures.Dispose();
        TakeNewest()?.Dispose();
    }

    private void Run()
    {
        var reason = Capture();
        _pictures.Dispose();
        if (_stopping)
            TakeNewest()?.Dispose();
        else
            _events.Ended(reason);
    }

    /// <summary>Captures until told to stop or until the camera fails, which is the reason it returns.</summary>
    private CameraException Capture()
    {
        try
        {
            using var camera = _open();
            using var preparation = new ImagePreparation(_pool.Spec);
            if (!_stopping)
                RequireExpectedSize(camera);
            if (!_stopping)
                _events.Opened(camera.Description);
            while (!_stopping)
                CaptureOne(camera, preparation);
            return new CameraLostException($"camera '{camera.Description.Name}' was closed");
        }
        catch (CameraException exception)
        {
            return exception;
        }
        catch (Exception exception)
        {
            // Whatever a driver or codec throws ends this capture, never the process.
            return new CameraLostException($"the camera failed: {exception.Message}", exception);
        }
    }

    private void RequireExpectedSize(ICamera camera)
    {
        var (name, width, height) = (camera.Description.Name, camera.Description.Width, camera.Description.Height);
        if (!camera.IsLive || _expected is not { } expected || expected == (width, height))
            return;
        throw new CameraException(
            $"camera '{name}' came back with {width}x{height} instead of {expected.Width}x{expected.Height}; set it "
                + "back, or start anew"
        );
    }

    private void CaptureOne(ICamera camera, ImagePreparation preparation)
    {
        var picture = _pictures.Next;
        var capturedNs = camera.Read(picture);
        if (_stopping)
            return;
        if (camera.IsLive && !IsOfItsSize(camera, picture))
            return;

        var frame = _pool.Rent();
        try
        {
            preparation.Prepare(picture, frame.Pixels);
        }
        catch
        {
            frame.Dispose();
            throw;
        }

        _given++;
        var leftOut = camera.LeftOut;
        _leftOut = leftOut with
        {
            WrongSize = leftOut.WrongSize + _wrongSize,
            Problem = _wrongSize > 0 ? _leftOut.Problem ?? leftOut.Problem : leftOut.Problem,
        };
        // Numbers are those of the pictures that came: whoever sent them counts the same.
        var sequence = _lastSequence + _given + _leftOut.Total;
        frame.Sequence = sequence;
        frame.CapturedNs = capturedNs;
        frame.PreparedNs = _time.NowNs();
        CapturedNs = capturedNs;
        if (!camera.IsLive || !_pictures.IsSameAgain())
            _sameSinceNs = capturedNs;
        _pictures.Publish(new PictureStamp(sequence, capturedNs));

        if (Interlocked.Exchange(ref _newest, frame) is { } unseen)
            Replace(unseen);

        // Not frame.Sequence: the frame may already be somebody else's.
        _events.FrameArrived(sequence);
    }

    private bool IsOfItsSize(ICamera camera, Mat picture)
    {
        var what = camera.Description;
        if ((picture.Width, picture.Height) == (what.Width, what.Height) || what.Width == 0)
        {
            _wrongSizeInARow = 0;
            return true;
        }

        _wrongSize++;
        var problem = $"a picture of {picture.Width}x{picture.Height} instead of {what.Width}x{what.Height}";
        _leftOut = _leftOut with { Problem = problem };
        if (++_wrongSizeInARow < MaximumWrongSize)
            return false;
        throw new CameraLostException($"camera '{what.Name}' sends only pictures that are of no use: {problem}");
    }
}
