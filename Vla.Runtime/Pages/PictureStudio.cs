using OpenCvSharp;
using Vla.Actors.Cameras;
using Vla.Runtime.Processes;
using Vla.Sensors;
using Vla.Sensors.Images;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Vla.Runtime.Pages;

/// <summary>Makes pictures of what the camera sees for all who watch, and does nothing while nobody does.</summary>
/// <remarks>
/// A thread of low priority copies the newest picture, prepares it as for the policy and encodes both, once for
/// everyone who asked, at most <see cref="PicturesPerSecond"/> times a second. Frames on their way to the policy are
/// not touched.
/// </remarks>
internal sealed partial class PictureStudio : IHostedService, IDisposable
{
    public const double PicturesPerSecond = 12.5;

    private const int LargestWidth = 640;
    private const int JpegQuality = 80;
    private const long PeriodNs = (long)(MonotonicTime.NsPerSecond / PicturesPerSecond);
    private const int RetryMs = 10;

    /// <summary>How long an asker waits for a picture that may never come.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly CameraMonitor _camera;
    private readonly TimeProvider _time;
    private readonly PolicyPicture _policy;
    private readonly Thread _thread;
    private readonly AutoResetEvent _asked = new(false);
    private readonly ManualResetEventSlim _ended = new(false);
    private readonly Mat _raw = new();
    private readonly Mat _small = new();
    private readonly ILogger _logger;
    private volatile CameraPictures? _latest;
    private long _latestMadeNs;
    private bool _saidFailure;
    private int _disposed;
    private volatile TaskCompletionSource _next = NewPromise();

    public PictureStudio(CameraMonitor camera, ImageSpec spec, TimeProvider time, ILogger<PictureStudio> logger)
    {
        (_camera, _time, _policy, _logger) = (camera, time, new PolicyPicture(spec), logger);
        _thread = new Thread(Run) { Name = "vla-pictures", IsBackground = true };
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _ended.Set();
        _asked.Set();
        return Task.CompletedTask;
    }

    /// <summary>The next picture.</summary>
    /// <param name="sequence">Number of the newest picture that the asker has; 0 for none.</param>
    /// <param name="cancellation">The asker has gone.</param>
    /// <returns>Null when none comes within a quarter of a second.</returns>
    public async Task<CameraPictures?> AfterAsync(long sequence, CancellationToken cancellation)
    {
        var next = _next.Task;
        var isRecent = _time.NowNs() - Interlocked.Read(ref _latestMadeNs) < 2 * PeriodNs;
        if (isRecent && _latest is { } latest && latest.Sequence > sequence)
            return latest;

        _asked.Set();
        try
        {
            await next.WaitAsync(Patience, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }

        return _latest;
    }

    /// <remarks>Called once for each way in which the container knows it.</remarks>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _ended.Set();
        _asked.Set();
        if (_thread.IsAlive)
            _thread.Join();
        _raw.Dispose();
        _small.Dispose();
        _policy.Dispose();
        _asked.Dispose();
        _ended.Dispose();
    }

    private static TaskCompletionSource NewPromise() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Run()
    {
        LowPriority.Take();
        while (true)
        {
            _asked.WaitOne();
            if (_ended.IsSet)
                return;
            var startedNs = _time.NowNs();
            if (TryTakeNew(startedNs) is { } pictures)
            {
                _latest = pictures;
                Interlocked.Exchange(ref _latestMadeNs, _time.NowNs());
                var asked = _next;
                _next = NewPromise();
                asked.SetResult();
            }

            var leftNs = startedNs + PeriodNs - _time.NowNs();
            if (leftNs > 0)
                _ended.Wait((int)(leftNs / MonotonicTime.NsPerMs));
        }
    }

    private CameraPictures? TryTakeNew(long startedNs)
    {
        try
        {
            return TakeNew(startedNs);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A picture that cannot be shown is no reason for the robot to stop. Said once.
            if (!_saidFailure)
                Log.Failed(_logger, exception.Message);
            _saidFailure = true;
            return null;
        }
    }

    /// <summary>A picture that was not shown yet; null when there is none for as long as an asker waits.</summary>
    private CameraPictures? TakeNew(long startedNs)
    {
        while (_time.GetElapsedTime(startedNs) < Patience && !_ended.IsSet)
        {
            if (
                _camera.Frames != _latest?.Sequence
                && _camera.Capture?.TryCopyPicture(_raw, out var stamp) == true
                && stamp.Sequence != _latest?.Sequence
            )
            {
                return new CameraPictures(stamp.Sequence, stamp.CapturedNs, Jpeg(Small(_raw)), Jpeg(_policy.Of(_raw)));
            }

            _ended.Wait(RetryMs);
        }

        return null;
    }

    private Mat Small(Mat picture)
    {
        if (picture.Width <= LargestWidth)
            return picture;
        var height = Math.Max(1, picture.Height * LargestWidth / picture.Width);
        Cv2.Resize(picture, _small, new Size(LargestWidth, height), interpolation: InterpolationFlags.Area);
        return _small;
    }

    private static byte[] Jpeg(Mat picture)
    {
        Cv2.ImEncode(".jpg", picture, out var bytes, new ImageEncodingParam(ImwriteFlags.JpegQuality, JpegQuality));
        return bytes;
    }

    private static partial class Log
    {
        [LoggerMessage(70, LogLevel.Warning, "the page cannot show the camera's pictures: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
