using System.Collections.Concurrent;
using System.Globalization;
using Vla.Runtime.Processes;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Recording;

/// <summary>Has the frames of a live run encoded and its episodes saved, on a thread of low priority.</summary>
/// <remarks>
/// Frames wait in a queue of bounded memory. Whoever brings one never waits: when the queue is full, since the disk or
/// the encoder is too slow, the frame is dropped and counted. An episode that cannot be saved is given up; the next one
/// is tried again. At the end it says what was saved; where that is nothing, why.
/// </remarks>
internal sealed partial class EpisodeSaver : IDisposable
{
    private const long QueueBytes = 128 << 20;
    private const int MostWaiting = 128;
    private const int FewestWaiting = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RecordingTarget _target;
    private readonly int _capacity;
    private readonly Thread _thread;
    private readonly BlockingCollection<Entry> _queue = [];
    private readonly ConcurrentBag<LiveFrame> _free = [];
    private readonly EpisodeKeeper _keeper;
    private bool _givenUp;
    private int _lent;
    private int _disposed;
    private readonly DroppedFrames _dropped = new();
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
        _keeper = new EpisodeKeeper(target);
        _thread = new Thread(Run) { Name = "vla-recording", IsBackground = true };
    }

    public ILogger Logger
    {
        get => _keeper.Logger;
        set => _keeper.Logger = value;
    }

    /// <summary>Told what became of each episode that ended, and why not where it is not saved.</summary>
    public Action<bool, string>? Settled { get; set; }

    /// <summary>Episodes that were in the dataset before, and those saved since.</summary>
    public int EpisodesInAll => _keeper.EpisodesInAll;

    /// <summary>What there is to say of how it records; null when there is nothing.</summary>
    public string? Note => _keeper.Note;

    /// <summary>Why no episode has begun, in words; set before <see cref="Complete"/>, null when one has.</summary>
    public string? Obstacle { get; set; }

    /// <summary>What becomes of the episode that is under way when no more frames come.</summary>
    public EpisodeEnd WhenCutShort { get; set; } = EpisodeEnd.Kept;

    /// <summary>
    /// What was never seen, since the queue of sightings was full; set before <see cref="Complete"/>.
    /// </summary>
    public long Missed { get; set; }

    public RecordingReport Read() =>
        new(_target.Directory, _keeper.Episodes, _keeper.Frames, _dropped.Total, _error)
        {
            TooShort = _keeper.TooShort,
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
            _keeper.Close();
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
            else if (!_keeper.Fits(frame))
                Drop(DropReason.WrongSize);
            else
                Guarded(() => _keeper.Write(frame), frames: 1);
            Return(frame);
        }

        Guarded(() => End(new Entry(null, WhenCutShort, IsSuccess: false)));
        Guarded(_keeper.Close);
        SayDropped();
        if (Missed > 0)
            Log.Missed(Logger, Missed);
        SayEnd();
    }

    /// <returns>Why it is not saved, in words; empty where it is.</returns>
    private string End(Entry entry)
    {
        var before = _keeper.Episodes;
        var why = _keeper.End(entry.End, entry.IsSuccess);
        if (_keeper.Episodes > before)
        {
            // What went wrong before is over.
            _error = null;
            SayDropped();
        }

        return why;
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
            return string.Create(
                CultureInfo.InvariantCulture,
                $"no episode was as long as {EpisodeKeeper.ShortestSeconds} s"
            );
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
            Drop(DropReason.Failed, _keeper.Length + frames);
            Log.Failed(Logger, _error);
            _keeper.Discard();
            return false;
        }
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
            87,
            LogLevel.Information,
            "{Episodes} episodes with {Frames} frames were recorded to {Directory}"
        )]
        public static partial void Ended(ILogger logger, long episodes, long frames, string directory);

        [LoggerMessage(88, LogLevel.Warning, "nothing was recorded to {Directory}: {Why}")]
        public static partial void Nothing(ILogger logger, string directory, string why);
    }
}
