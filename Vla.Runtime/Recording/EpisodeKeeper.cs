using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Sensors.Datasets;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Vla.Runtime.Recording;

/// <summary>Writes the episode under way, and keeps it, drops it, or takes the one before back.</summary>
/// <remarks>
/// For one thread; what is counted may be read from any. Whatever it throws costs the episode under way:
/// <see cref="Discard"/> lets go of it, and the next one is tried again.
/// </remarks>
internal sealed partial class EpisodeKeeper
{
    /// <summary>
    /// An episode shorter than this, seconds, is nobody's demonstration and is not kept, unless the simulated world's
    /// judge has ended it: then it is whole.
    /// </summary>
    public const double ShortestSeconds = 0.5;

    private readonly RecordingTarget _target;
    private DatasetWriter? _writer;
    private EpisodeRecording? _episode;
    private bool _saidSize;
    private long _episodes;
    private long _frames;
    private long _tooShort;

    /// <param name="target">Opened at once.</param>
    /// <exception cref="DatasetException">The dataset cannot be used.</exception>
    public EpisodeKeeper(RecordingTarget target)
    {
        _target = target;
        _writer = target.Open();
        Note = _writer.Note;
        EpisodesInAll = _writer.Episodes;
    }

    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>What there is to say of how it records; null when there is nothing.</summary>
    public string? Note { get; }

    /// <summary>Episodes that were in the dataset before, and those saved since.</summary>
    public int EpisodesInAll { get; private set; }

    /// <summary>Episodes saved.</summary>
    public long Episodes => Interlocked.Read(ref _episodes);

    /// <summary>Frames of them.</summary>
    public long Frames => Interlocked.Read(ref _frames);

    /// <summary>Episodes that were not kept since they were too short.</summary>
    public long TooShort => Interlocked.Read(ref _tooShort);

    /// <summary>Frames of the episode under way.</summary>
    public int Length => _episode?.Length ?? 0;

    /// <summary>Whether its pictures are of the dataset's sizes; said once where they are not.</summary>
    public bool Fits(LiveFrame frame) => _target.Cameras.Zip(frame.Pictures).All(pair => Fits(pair.First, pair.Second));

    /// <summary>Adds a frame to the episode under way, which begins with its first.</summary>
    public void Write(LiveFrame frame)
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

    /// <summary>Ends the episode under way, or takes back the one before.</summary>
    /// <returns>Why it is not saved, in words; empty where it is.</returns>
    public string End(EpisodeEnd end, bool isSuccess)
    {
        if (end == EpisodeEnd.TakenBack)
            return TakeBack();
        if (_episode is not { } episode)
            return "it has no frames";
        var (length, task) = (episode.Length, episode.LastTask);
        if (end == EpisodeEnd.Discarded)
        {
            Drop();
            return "it was not to be kept";
        }

        if (end == EpisodeEnd.Kept && length < ShortestSeconds * _target.Fps)
        {
            Drop();
            Interlocked.Increment(ref _tooShort);
            Log.TooShort(Logger, (double)length / _target.Fps, ShortestSeconds, task);
            return string.Create(CultureInfo.InvariantCulture, $"it is shorter than {ShortestSeconds} s");
        }

        if (isSuccess && _target.Has(RecordingTarget.Success))
            episode.SetAll(RecordingTarget.Success, 1);
        Save(episode, length, task);
        return "";

        void Drop()
        {
            episode.Dispose();
            _episode = null;
        }
    }

    /// <summary>Lets go of what may be half written; opening it anew puts the dataset right.</summary>
    public void Discard()
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

    /// <summary>Lets go of the dataset; the next episode opens it again.</summary>
    public void Close()
    {
        _writer?.Dispose();
        _writer = null;
    }

    /// <summary>Takes the episode that was saved last out of the dataset again.</summary>
    private string TakeBack()
    {
        _writer ??= _target.Open();
        if (_writer.LastLength is not { } length)
            return "it was not recorded in this run";
        _writer.TakeBackLast();
        Close();
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
        Log.Saved(Logger, _writer.Episodes, length, task);
    }

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

    private static partial class Log
    {
        [LoggerMessage(80, LogLevel.Information, "recorded episode {Episode}: {Frames} frames, {Task}")]
        public static partial void Saved(ILogger logger, int episode, int frames, string task);

        [LoggerMessage(
            86,
            LogLevel.Warning,
            "an episode of {Seconds:0.0##} s is not kept, {Least} s are the least: {Task}"
        )]
        public static partial void TooShort(ILogger logger, double seconds, double least, string task);

        [LoggerMessage(
            83,
            LogLevel.Warning,
            "pictures of {Width}x{Height} are not recorded: the dataset has {WantedWidth}x{WantedHeight}"
        )]
        public static partial void WrongSize(ILogger logger, int width, int height, int wantedWidth, int wantedHeight);
    }
}
