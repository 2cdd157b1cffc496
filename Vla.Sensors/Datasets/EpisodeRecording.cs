using System.Runtime.InteropServices;
using OpenCvSharp;
using Vla.Sensors.Videos;

namespace Vla.Sensors.Datasets;

/// <summary>An episode while it is recorded: frame after frame, pictures encoded at once; for one thread.</summary>
/// <remarks>
/// It touches nothing of the dataset until <see cref="DatasetWriter.Save"/>, so that several can be recorded at the
/// same time, each on its own thread. One that is disposed of without being saved leaves nothing.
/// </remarks>
public sealed class EpisodeRecording : IDisposable
{
    private readonly IReadOnlyList<DatasetFeature> _features;
    private readonly Dictionary<string, int> _places;
    private readonly object[] _values;
    private readonly bool[] _set;
    private readonly List<string> _tasks = [];
    private readonly List<int> _frameTasks = [];
    private readonly string _folder;
    private readonly int _fps;
    private readonly VideoCodec _codec;

    internal EpisodeRecording(IReadOnlyList<DatasetFeature> features, string folder, int fps, VideoCodec codec)
    {
        (_features, _folder, _fps, _codec) = (features, folder, fps, codec);
        _places = features.Select((feature, i) => (feature.Name, i)).ToDictionary(pair => pair.Name, pair => pair.i);
        _set = new bool[features.Count];
        _values =
        [
            .. features.Select<DatasetFeature, object>(feature =>
                feature.Type switch
                {
                    FeatureType.Float32 => new List<float>(),
                    FeatureType.Int64 => new List<long>(),
                    _ => new Video(),
                }
            ),
        ];
        Directory.CreateDirectory(folder);
    }

    /// <summary>Frames so far.</summary>
    public int Length => _frameTasks.Count;

    /// <summary>The instruction of its last frame; empty before the first.</summary>
    public string LastTask => _frameTasks.Count == 0 ? "" : _tasks[_frameTasks[^1]];

    /// <summary>The instructions of its frames, each once, in the order they came.</summary>
    internal IEnumerable<string> FrameTasks => _frameTasks.Distinct().Select(task => _tasks[task]);

    /// <summary>All tasks it mentions; numbers of task features count within these.</summary>
    internal IReadOnlyList<string> Tasks => _tasks;

    internal IReadOnlyList<int> TaskOfFrame => _frameTasks;

    /// <summary>
    /// Sets the numbers of a feature in this frame; NaN and infinity are refused, since statistics have no place for
    /// them.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such feature, it is another type's or size's, or a value is not
    /// finite.</exception>
    /// <exception cref="InvalidOperationException">It is set already in this frame.</exception>
    public void Set(string feature, ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!float.IsFinite(value))
                throw new ArgumentException(
                    $"{feature} is {value} in frame {Length}: only finite numbers are recorded"
                );
        }

        var list = (List<float>)Place(feature, FeatureType.Float32, values.Length);
        foreach (var value in values)
            list.Add(value);
    }

    /// <summary>Sets the whole numbers of a feature in this frame.</summary>
    /// <exception cref="ArgumentException">There is no such feature, or it is another type's or size's.</exception>
    /// <exception cref="InvalidOperationException">It is set already in this frame.</exception>
    public void Set(string feature, ReadOnlySpan<long> values)
    {
        var list = (List<long>)Place(feature, FeatureType.Int64, values.Length);
        foreach (var value in values)
            list.Add(value);
    }

    /// <summary>Sets a feature of one whole number in all frames that were ended, whatever it was.</summary>
    public void SetAll(string feature, long value) =>
        CollectionsMarshal.AsSpan((List<long>)_values[_places[feature]]).Fill(value);

    /// <summary>Sets the tasks of a feature in this frame; each gets an index in the dataset's list of tasks.</summary>
    /// <exception cref="ArgumentException">There is no such feature, or it is another type's or size's.</exception>
    /// <exception cref="InvalidOperationException">It is set already in this frame.</exception>
    public void SetTasks(string feature, IEnumerable<string> tasks)
    {
        var indices = tasks.Select(task => (long)TaskIndex(task)).ToArray();
        Set(feature, indices);
    }

    /// <summary>Sets the picture of a camera in this frame.</summary>
    /// <param name="feature">The camera's feature.</param>
    /// <param name="picture">BGR, 8 bits, of the feature's size; encoded before the call returns.</param>
    /// <exception cref="ArgumentException">There is no such camera, or its pictures are other ones.</exception>
    /// <exception cref="InvalidOperationException">It is set already in this frame.</exception>
    public void Set(string feature, Mat picture)
    {
        var index = _places[feature];
        var shape = _features[index].Shape;
        if (picture.Height != shape[0] || picture.Width != shape[1] || picture.Type() != MatType.CV_8UC3)
            throw new ArgumentException(
                $"{feature} takes pictures of {shape[1]}x{shape[0]}, not {picture.Width}x{picture.Height}"
            );
        Mark(index);
        var video = (Video)_values[index];
        video.Encoder ??= OpenVideo(video, picture.Size());
        video.Encoder.Write(picture);
        video.Pixels.Add(picture);
    }

    /// <summary>Ends the frame, all features of which have been set.</summary>
    /// <param name="task">The instruction in force.</param>
    /// <exception cref="InvalidOperationException">A feature was not set.</exception>
    public void EndFrame(string task)
    {
        var missing = Array.IndexOf(_set, false);
        if (missing >= 0)
            throw new InvalidOperationException($"frame {Length} has no {_features[missing].Name}");
        _frameTasks.Add(TaskIndex(task));
        Array.Clear(_set);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var video in _values.OfType<Video>())
            video.Discard();
    }

    internal float[] Floats(int feature) => [.. (List<float>)_values[feature]];

    internal long[] Integers(int feature) => [.. (List<long>)_values[feature]];

    /// <summary>Ends a camera's video.</summary>
    /// <returns>Its file, which goes away with the recording, and its pictures' statistics.</returns>
    internal (string Path, FeatureStatistics Pixels) FinishVideo(int feature)
    {
        var video = (Video)_values[feature];
        video.Finish();
        return (video.Path, video.Pixels.Summary());
    }

    private object Place(string feature, FeatureType type, int count)
    {
        var index = _places.TryGetValue(feature, out var found)
            ? found
            : throw new ArgumentException($"there is no feature {feature}");
        if (_features[index].Type != type || _features[index].Count != count)
            throw new ArgumentException(
                $"{feature} takes {_features[index].Count} values of {_features[index].Type}, not {count} of {type}"
            );
        Mark(index);
        return _values[index];
    }

    private void Mark(int index)
    {
        if (_set[index])
            throw new InvalidOperationException($"{_features[index].Name} is set twice in frame {Length}");
        _set[index] = true;
    }

    private int TaskIndex(string task)
    {
        var index = _tasks.IndexOf(task);
        if (index >= 0)
            return index;
        _tasks.Add(task);
        return _tasks.Count - 1;
    }

    private VideoEncoder OpenVideo(Video video, Size size)
    {
        video.Path = Path.Combine(_folder, $"{Guid.NewGuid():N}.mp4");
        return VideoEncoder.Create(video.Path, _fps, size.Width, size.Height, _codec);
    }

    private sealed class Video
    {
        public VideoEncoder? Encoder { get; set; }

        public string Path { get; set; } = "";

        public PixelCounts Pixels { get; } = new();

        public void Finish()
        {
            Encoder?.Finish();
            Close();
        }

        public void Discard()
        {
            Close();
            if (Path.Length > 0)
                File.Delete(Path);
        }

        private void Close()
        {
            Encoder?.Dispose();
            Encoder = null;
        }
    }
}
