using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Runtime.Processes;
using Vla.Sensors.Datasets;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Vla.Runtime.Recording;

/// <summary>Encodes the frames of a live run and saves its episodes, on a thread of low priority.</summary>
/// <remarks>
/// Frames wait in a queue of bounded memory. Whoever brings one never waits: when the queue is full, since the disk or
/// the encoder is too slow, the frame is dropped and counted. An episode that cannot be saved is given up; the next one
/// is tried again. At the end it says what was saved; where that is nothing, why.
/// </remarks>
internal sealed partial class EpisodeSaver : IDisposable
{
    /// <summary>
    /// An episode shorter than this, seconds, is nobody's demonstration and is not kept, unless the simulated world's
    /// judge has ended it: then it is whole.
    /// </summary>
    public const double ShortestSeconds = 0.5;

    private const long QueueBytes = 128 << 20;
    private const int MostWaiting = 128;
    private const int FewestWaiting = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RecordingTarget _target;
    private readonly int _capacity;
    private readonly Thread _thread;
    private readonly BlockingCollection<Entry> _queue = [];
    private readonly ConcurrentBag<LiveFrame> _free = [];
    private DatasetWriter? _writer;
    private EpisodeRecording? _episode;
    private bool _givenUp;
    private bool _saidSize;
    private int _lent;
    private int _disposed;
    private long _episodes;
    private long _frames;
    private readonly DroppedFrames _dropped = new();
    private long _tooShort;
    private int _saidEnd;
    private volatile string? _error;

    /// <param name="target">Opened at once, so that one that cannot be used is told at the start.</param>
    /// <param name="capacity">Frames that may wait; what 128 MB hold when left out.</param>
    /// <exception cref="DatasetException">The dataset cannot be used.</exception>
    public EpisodeSaver(RecordingTarget target, int? capacity = null)
    {
        _target = target;
        _capacity =
            capacity
            ?? (int)
                Math.Clamp(
                    QueueBytes / target.Cameras.Sum(camera => 3L * camera.Shape[0] * camera.Shape[1]),
                    FewestWaiting,
                    MostWaiting
                );
        _writer = target.Open();
        Note = _writer.Note;
        EpisodesInAll = _writer.Episodes;
        _thread = new Thread(Run) { Name = "vla-recording", IsBackground = true };
    }

    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Told what became of each episode that ended, and why not where it is not saved.</summary>
    public Action<bool, string>? Settled { get; set; }

    /// <summary>Episodes that were in the dataset before, and those saved since.</summary>
    public int EpisodesInAll { get; private set; }

    /// <summary>What there is to say of how it records; null when there is nothing.</summary>
    public string? Note { get; }

    /// <summary>Why no episode has begun, in words; set before <see cref="Complete"/>, null when one has.</summary>
    public string? Obstacle { get; set; }

    /// <summary>What becomes of the episode that is under way when no more frames come.</summary>
    public EpisodeEnd WhenCutShort { get; set; } = EpisodeEnd.Kept;

    /// <summary>
    /// What was never seen, since the queue of sightings was full; set before <see cref="Complete"/>.
    /// </summary>
    public long Missed { get; set; }

    public RecordingReport Read() =>
        new(_target.Directory, Interlocked.Read(ref _episodes), Interlocked.Read(ref _frames), _dropped.Total, _error)
        {
            TooShort = Interlocked.Read(ref _tooShort),
        };

    public void Start() => _thread.Start();

    /// <summary>Lets go of the dataset: nothing is recorded, and nothing is said.</summary>
    public void Abandon()
    {
        Interlocked.Exchange(ref _saidEnd, 1);
        Dispose();
    }

    /// <summary>A frame to fill; null, and one more is dropped, when the queue is full.</summary>
    public LiveFrame? Rent()
    {
        if (Interlocked.Increment(ref _lent) <= _capacity)
            return _free.TryTake(out var free)
                ? free
                : new LiveFrame(_target.Cameras.Count, _target.StateCount, _target.ActionCount, _target.SecondsCount);
        Interlocked.Decrement(ref _lent);
        Drop(DropReason.TooSlow);
        return null;
    }

    /// <summary>Takes a filled frame.</summary>
    public void Add(LiveFrame frame) => _queue.Add(new Entry(frame));

    /// <summary>Takes back a frame that could not be filled: it is dropped.</summary>
    public void GiveBack(LiveFrame frame, DropReason why)
    {
        Return(frame);
        Drop(why);
    }

    /// <summary>Counts frames that were lost.</summary>
    public void Drop(DropReason why, long frames = 1) => _dropped.Add(why, frames);

    /// <summary>What was added by now is an episode.</summary>
    /// <param name="end">What becomes of it.</param>
    /// <param name="isSuccess">Whether what was to be done was done.</param>
    public void EndEpisode(EpisodeEnd end = EpisodeEnd.Kept, bool isSuccess = false) =>
        _queue.Add(new Entry(null, end, isSuccess));

    /// <summary>No more frames come: what is there is saved.</summary>
    public void Complete() => _queue.CompleteAdding();

    /// <summary>Waits until everything is saved, once no more frames come, or for so long.</summary>
    /// <returns>False when that was not enough. From the thread that saves nothing can be waited for.</returns>
    public bool WaitSaved(TimeSpan bound)
    {
        if ((_thread.ThreadState & ThreadState.Unstarted) == 0)
            return _thread != Thread.CurrentThread && _thread.Join(bound);
        SayUnstarted();
        return true;
    }

    /// <summary>Waits until everything is saved.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        Complete();
        if ((_thread.ThreadState & ThreadState.Unstarted) != 0)
        {
            SayUnstarted();
            CloseWriter();
        }
        else if (!_thread.Join(Patience))
            return;
        foreach (var frame in _free)
            frame.Dispose();
        _queue.Dispose();
    }

    private void SayUnstarted()
    {
        Obstacle ??= "the run ended before its first action";
        SayEnd();
    }

    private void Run()
    {
        LowPriority.Take();
        foreach (var entry in _queue.GetConsumingEnumerable())
        {
            if (entry.Frame is not { } frame)
            {
                var before = _givenUp ? _error : null;
                var why = "";
                if (!Guarded(() => why = End(entry)))
                    why = _error!;
                _givenUp = false;
                if (entry.End != EpisodeEnd.Discarded)
                    Settled?.Invoke(why.Length == 0, before ?? why);
                continue;
            }

            if (_givenUp)
                Drop(DropReason.Failed);
            else if (!Fits(frame))
                Drop(DropReason.WrongSize);
            else
                Guarded(() => Write(frame), frames: 1);
            Return(frame);
        }

        Guarded(() => End(new Entry(null, WhenCutShort, IsSuccess: false)));
        Guarded(CloseWriter);
        SayDropped();
        if (Missed > 0)
            Log.Missed(Logger, Missed);
        SayEnd();
    }

    private void Write(LiveFrame frame)
    {
        _writer ??= _target.Open();
        _episode ??= _writer.Begin();
        foreach (var (camera, picture) in _target.Cameras.Zip(frame.Pictures))
            _episode.Set(camera.Name, picture);
        if (frame.State.Length > 0)
            _episode.Set(DatasetFeature.State, frame.State);
        _episode.Set(DatasetFeature.Action, frame.Action);
        if (_target.Has(RecordingTarget.Wanted))
            _episode.Set(RecordingTarget.Wanted, frame.Wanted);
        if (frame.Seconds.Length > 0)
            _episode.Set(RecordingTarget.Seconds, frame.Seconds);
        if (_target.Has(RecordingTarget.ByHand))
            _episode.Set(RecordingTarget.ByHand, [frame.IsByHand ? 1L : 0L]);
        if (_target.Has(RecordingTarget.Success))
            _episode.Set(RecordingTarget.Success, [0L]);
        _episode.EndFrame(frame.Task);
    }

    /// <returns>Why it is not saved, in words; empty where it is.</returns>
    private string End(Entry entry)
    {
        if (entry.End == EpisodeEnd.TakenBack)
            return TakeBack();
        if (_episode is not { } episode)
            return "it has no frames";
        var (length, task) = (episode.Length, episode.LastTask);
        if (entry.End == EpisodeEnd.Discarded)
        {
            Drop();
            return "it was not to be kept";
        }

        if (entry.End == EpisodeEnd.Kept && length < ShortestSeconds * _target.Fps)
        {
            Drop();
            Interlocked.Increment(ref _tooShort);
            Log.TooShort(Logger, (double)length / _target.Fps, ShortestSeconds, task);
            return string.Create(CultureInfo.InvariantCulture, $"it is shorter than {ShortestSeconds} s");
        }

        if (entry.IsSuccess && _target.Has(RecordingTarget.Success))
            episode.SetAll(RecordingTarget.Success, 1);
        Save(episode, length, task);
        return "";

        void Drop()
        {
            episode.Dispose();
            _episode = null;
        }
    }

    /// <summary>Takes the episode that was saved last out of the dataset again.</summary>
    private string TakeBack()
    {
        _writer ??= _target.Open();
        if (_writer.LastLength is not { } length)
            return "it was not recorded in this run";
        _writer.TakeBackLast();
        CloseWriter();
        // What is left of it is put right as after a recording that was killed.
        _writer = _target.Open();
        EpisodesInAll = _writer.Episodes;
        Interlocked.Decrement(ref _episodes);
        Interlocked.Add(ref _frames, -length);
        return "";
    }

    private void Save(EpisodeRecording episode, int length, string task)
    {
        _writer!.Save(episode);
        _episode = null;
        EpisodesInAll = _writer.Episodes;
        Interlocked.Increment(ref _episodes);
        Interlocked.Add(ref _frames, length);
        _error = null;
        Log.Saved(Logger, _writer.Episodes, length, task);
        SayDropped();
    }

    private void SayDropped()
    {
        if (_dropped.News() is { } news)
            Log.Dropped(Logger, news);
    }

    /// <summary>Says once what the run has left behind.</summary>
    private void SayEnd()
    {
        if (Interlocked.Exchange(ref _saidEnd, 1) != 0)
            return;
        var report = Read();
        if (report.Episodes > 0)
            Log.Ended(Logger, report.Episodes, report.Frames, report.Directory);
        else
            Log.Nothing(Logger, report.Directory, WhyNothing(report));
    }

    private string WhyNothing(RecordingReport report)
    {
        if (report.Error is { } error)
            return error;
        if (report.TooShort > 0)
            return string.Create(CultureInfo.InvariantCulture, $"no episode was as long as {ShortestSeconds} s");
        if (report.Dropped > 0)
            return "every frame was dropped";
        return Obstacle ?? "there was no action";
    }

    /// <summary>Whatever goes wrong costs the episode, never the run.</summary>
    /// <param name="work">To be done.</param>
    /// <param name="frames">That it would add to the episode.</param>
    /// <returns>Whether it went well.</returns>
    private bool Guarded(Action work, int frames = 0)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception exception)
        {
            _givenUp = true;
            _error = exception.Message.ReplaceLineEndings(" ");
            Drop(DropReason.Failed, (_episode?.Length ?? 0) + frames);
            Log.Failed(Logger, _error);
            Discard();
            return false;
        }
    }

    /// <summary>Lets go of what may be half written; opening it anew puts the dataset right.</summary>
    private void Discard()
    {
        try
        {
            _episode?.Dispose();
            _writer?.Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that brought us here is the one to tell.
        }

        (_episode, _writer) = (null, null);
    }

    private void CloseWriter()
    {
        _writer?.Dispose();
        _writer = null;
    }

    private bool Fits(LiveFrame frame) =>
        _target.Cameras.Zip(frame.Pictures).All(pair => Fits(pair.First, pair.Second));

    private bool Fits(DatasetFeature camera, Mat picture)
    {
        var (width, height) = (camera.Shape[1], camera.Shape[0]);
        if (picture.Width == width && picture.Height == height && picture.Type() == MatType.CV_8UC3)
            return true;
        if (!_saidSize)
            Log.WrongSize(Logger, picture.Width, picture.Height, width, height);
        _saidSize = true;
        return false;
    }

    private void Return(LiveFrame frame)
    {
        _free.Add(frame);
        Interlocked.Decrement(ref _lent);
    }

    /// <param name="Frame">To be recorded; null where an episode ends.</param>
    /// <param name="End">What becomes of that.</param>
    /// <param name="IsSuccess">Whether what was to be done was done.</param>
    private readonly record struct Entry(LiveFrame? Frame, EpisodeEnd End = EpisodeEnd.Kept, bool IsSuccess = false);

    private static partial class Log
    {
        [LoggerMessage(80, LogLevel.Information, "recorded episode {Episode}: {Frames} frames, {Task}")]
        public static partial void Saved(ILogger logger, int episode, int frames, string task);

        [LoggerMessage(81, LogLevel.Warning, "{News}")]
        public static partial void Dropped(ILogger logger, string news);

        [LoggerMessage(
            89,
            LogLevel.Warning,
            "{Count} pictures and actions were not looked at for the recording: the machine is too busy"
        )]
        public static partial void Missed(ILogger logger, long count);

        [LoggerMessage(82, LogLevel.Error, "an episode cannot be recorded: {Reason}; the next one is tried again")]
        public static partial void Failed(ILogger logger, string reason);

        [LoggerMessage(
            86,
            LogLevel.Warning,
            "an episode of {Seconds:0.0##} s is not kept, {Least} s are the least: {Task}"
        )]
        public static partial void TooShort(ILogger logger, double seconds, double least, string task);

        [LoggerMessage(
            87,
            LogLevel.Information,
            "{Episodes} episodes with {Frames} frames were recorded to {Directory}"
        )]
        public static partial void Ended(ILogger logger, long episodes, long frames, string directory);

        [LoggerMessage(88, LogLevel.Warning, "nothing was recorded to {Directory}: {Why}")]
        public static partial void Nothing(ILogger logger, string directory, string why);

        [LoggerMessage(
            83,
            LogLevel.Warning,
            "pictures of {Width}x{Height} are not recorded: the dataset has {WantedWidth}x{WantedHeight}"
        )]
        public static partial void WrongSize(ILogger logger, int width, int height, int wantedWidth, int wantedHeight);
    }
}
