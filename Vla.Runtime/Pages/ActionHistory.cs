using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Pages;

/// <summary>The last 30 s of published actions, sampled five times a second, as lines to draw.</summary>
/// <remarks>Fed by one timer; what it gives out is not changed any more.</remarks>
internal sealed class ActionHistory(RobotProfile profile)
{
    /// <summary>How far back the lines go.</summary>
    public const int Seconds = 30;

    private const long LengthNs = Seconds * MonotonicTime.NsPerSecond;

    private readonly Queue<PublishedAction> _samples = new();
    private readonly LinePath[] _lines = [.. profile.Dimensions.Select(_ => new LinePath())];

    /// <summary>Takes the newest action.</summary>
    public void Sample(PublishedAction? newest, long nowNs)
    {
        if (newest is not null)
            _samples.Enqueue(newest);
        while (_samples.TryPeek(out var oldest) && nowNs - oldest.PublishedNs > LengthNs)
            _samples.Dequeue();
    }

    /// <summary>
    /// A line for each dimension, as an SVG path in a box of <see cref="LinePath.Width"/> ×
    /// <see cref="LinePath.Height"/>.
    /// </summary>
    /// <remarks>
    /// From left, 30 s ago, to right, now; from the lower limit at the bottom to the upper at the top.
    /// </remarks>
    public IReadOnlyList<string> Paths(long nowNs)
    {
        var paths = new string[_lines.Length];
        for (var i = 0; i < paths.Length; i++)
        {
            var line = _lines[i];
            var (low, high) = Range(i);
            line.Clear();
            foreach (var sample in _samples)
            {
                var age = (nowNs - sample.PublishedNs) / (float)LengthNs;
                line.Add(1 - age, high > low ? (sample.Values[i] - low) / (high - low) : 0.5f);
            }

            paths[i] = line.ToString();
        }

        return paths;
    }

    /// <summary>
    /// What the bar and the line of a dimension span: its limits, or without any what was seen of it.
    /// </summary>
    public (float Low, float High) Range(int dimension)
    {
        var limits = profile.Dimensions[dimension];
        if (profile.LimitsEnabled)
            return (limits.Minimum, limits.Maximum);
        var largest = _samples.Select(sample => Math.Abs(sample.Values[dimension])).Append(1e-6f).Max();
        return (-largest, largest);
    }
}
