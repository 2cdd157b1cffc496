namespace Vla.Sensors.Datasets;

/// <summary>The numbers of an episode, frame by frame.</summary>
public sealed class EpisodeFrames
{
    private readonly IReadOnlyDictionary<string, Array> _columns;
    private readonly TaskTable _tasks;

    internal EpisodeFrames(int length, IReadOnlyDictionary<string, Array> columns, TaskTable tasks) =>
        (Length, _columns, _tasks) = (length, columns, tasks);

    /// <summary>Frames.</summary>
    public int Length { get; }

    /// <summary>Whether there are values of a feature.</summary>
    public bool Has(string feature) => _columns.ContainsKey(feature);

    /// <summary>[frames, count] numbers of a feature.</summary>
    /// <exception cref="DatasetException">There is no such feature, or it is of another type.</exception>
    public ReadOnlyMemory<float> Floats(string feature) => Get<float>(feature);

    /// <summary>[frames, count] whole numbers of a feature.</summary>
    /// <exception cref="DatasetException">There is no such feature, or it is of another type.</exception>
    public ReadOnlyMemory<long> Integers(string feature) => Get<long>(feature);

    /// <summary>The instruction in force at a frame.</summary>
    /// <exception cref="DatasetException">The dataset does not know the frame's task.</exception>
    public string Task(int frame) => TaskOf(Get<long>("task_index")[frame]);

    /// <summary>The text of a task's index.</summary>
    /// <exception cref="DatasetException">There is no such task.</exception>
    public string TaskOf(long index) =>
        _tasks.Find(index)
        ?? throw new DatasetException($"the dataset is damaged: its meta/tasks.parquet has no task_index {index}");

    private T[] Get<T>(string feature) =>
        _columns.TryGetValue(feature, out var column) && column is T[] values
            ? values
            : throw new DatasetException($"the dataset has no feature {feature} of {typeof(T).Name} numbers");
}
