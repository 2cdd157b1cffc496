namespace Vla.Actors.Training;

/// <summary>Scale of one dimension: normalised = (value − mean) / std.</summary>
internal readonly record struct DimensionScale(float Mean, float Std);

/// <summary>How states and actions of a training set are scaled to about −1 to 1.</summary>
/// <remarks>
/// By the first and the 99th percentile, which become −1 and 1: unlike mean and standard deviation they say what the
/// range is, also of a motion that is nothing most of the time, and unlike minimum and maximum one outlier does not
/// matter. A dimension that leaves its value in fewer than 1 % of the samples is scaled by minimum and maximum.
/// </remarks>
/// <param name="State">One for each number of robot state; what never changes keeps its scale.</param>
/// <param name="Action">One for each dimension of the action; what never changes has a scale of 0.</param>
internal sealed record SetStatistics(IReadOnlyList<DimensionScale> State, IReadOnlyList<DimensionScale> Action)
{
    private const double Tail = 0.01;

    public static SetStatistics Of(TrainingSet set)
    {
        var shape = set.Shape;
        var states = Columns(shape.State);
        var actions = Columns(shape.Actions);
        for (var sample = 0; sample < set.Count; sample++)
        {
            Add(states, set.State(sample));
            // The first action of each chunk: the others are first in chunks of their own.
            for (var lesson = 0; lesson < shape.Lessons; lesson++)
                Add(actions, set.Chunk(sample, lesson)[..shape.Actions]);
        }

        return new SetStatistics(
            [.. states.Select(values => Scale(values, constant: 1))],
            [.. actions.Select(values => Scale(values, constant: 0))]
        );
    }

    private static List<float>[] Columns(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<float>())];

    private static void Add(List<float>[] columns, ReadOnlySpan<float> values)
    {
        for (var i = 0; i < columns.Length; i++)
            columns[i].Add(values[i]);
    }

    private static DimensionScale Scale(List<float> values, float constant)
    {
        const float Smallest = 1e-6f;
        values.Sort();
        var low = values[(int)(Tail * (values.Count - 1))];
        var high = values[(int)((1 - Tail) * (values.Count - 1))];
        // What is nearly always the same, as a gripper that closes once in a minute, is not what never changes.
        if (high - low < 2 * Smallest)
            (low, high) = (values[0], values[^1]);
        var half = (high - low) / 2;
        return half < Smallest ? new DimensionScale(low, constant) : new DimensionScale(low + half, half);
    }
}
