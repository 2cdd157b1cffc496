using TorchSharp;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>Reads the statistics of a policy's training from the file that keeps them.</summary>
internal static class LeRobotStatistics
{
    /// <summary>
    /// What a file tells of the actions: the ends of their range, or how they spread; null for neither.
    /// </summary>
    public static ActionRange? RangeOf(Checkpoint statistics, string prefix, int count)
    {
        if (Find("min") is { } lowest && Find("max") is { } highest)
            return new ActionRange(lowest, highest, "the smallest and largest actions of its training");
        return Find("mean") is { } mean && Find("std") is { } std ? ActionRange.OfSpread(mean, std) : null;

        float[]? Find(string name)
        {
            if (
                !statistics.Tensors.TryGetValue(prefix + name, out var entry)
                || !entry.Type.IsFloatingPoint()
                || entry.ElementCount != count
            )
                return null;
            using var stored = statistics.ReadTensor(prefix + name);
            var values = ChunkValues.Of(stored);
            return values.All(float.IsFinite) ? values : null;
        }
    }

    /// <summary>How a feature is scaled, by two of its statistics.</summary>
    /// <param name="statistics">The file that has them.</param>
    /// <param name="feature">What is scaled.</param>
    /// <param name="mode">How.</param>
    /// <param name="names">The two in the file.</param>
    /// <param name="eps">LeRobot's small number.</param>
    /// <param name="older">Whether it is of the format before processor files.</param>
    /// <param name="device">Where the model computes.</param>
    /// <exception cref="PolicyException">One is missing, of another size, or not finite.</exception>
    public static FeatureScale Scale(
        Checkpoint statistics,
        LeRobotFeature feature,
        ScaleMode mode,
        (string Low, string High) names,
        double eps,
        bool older,
        Device device
    )
    {
        using var scope = NewDisposeScope();
        return FeatureScale.Create(mode, Read(names.Low), Read(names.High), eps, older, device);

        Tensor Read(string name)
        {
            if (!statistics.Tensors.TryGetValue(name, out var entry))
                throw new PolicyException($"{statistics.Path}: has no {name}, which {feature.Key} is scaled by");
            var shape = feature.Kind == FeatureKind.Visual ? [feature.Count, 1, 1] : new long[] { feature.Count };
            if (!entry.Type.IsFloatingPoint() || entry.ElementCount != feature.Count)
                throw new PolicyException(
                    $"{statistics.Path}: {name} is {entry.ShapeText} {entry.Type}, expected "
                        + $"{CheckpointShape.Text(shape)} of F32"
                );
            var values = statistics.ReadTensor(name).to_type(ScalarType.Float32).reshape(shape);
            return values.isfinite().all().ToBoolean()
                ? values
                : throw new PolicyException(
                    $"{statistics.Path}: {name} holds numbers that are not finite; its statistics were never set"
                );
        }
    }
}
