using Vla.Sensors.Simulation;

namespace Vla.Actors.Training;

/// <summary>Which samples are learnt from, and which are kept apart to validate with.</summary>
internal static class EpisodeSplit
{
    /// <summary>From so many episodes on, one at least is kept apart for validation.</summary>
    private const int FewestToValidate = 5;

    /// <summary>Whole episodes: neighbouring pictures are nearly the same.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="validationShare">Of the episodes.</param>
    public static (int[] Training, int[] Validation) Of(TrainingSet set, double validationShare)
    {
        const int Parts = 10_000;
        var drawn = Enumerable
            .Range(0, set.Count)
            .Select(set.Episode)
            .Distinct()
            .ToDictionary(episode => episode, episode => new WorldRandom(episode, stream: 1).Below(Parts));
        var threshold = (int)(validationShare * Parts);
        // A few episodes may all have drawn more: then the lowest is kept apart, if the rest can do without it.
        if (threshold > 0 && drawn.Count >= FewestToValidate && drawn.Values.Min() >= threshold)
            threshold = drawn.Values.Min() + 1;
        // Never all of them: from the one that drew highest there is always something to learn.
        threshold = Math.Min(threshold, drawn.Values.Max());
        var samples = Enumerable.Range(0, set.Count).ToLookup(sample => drawn[set.Episode(sample)] < threshold);
        return ([.. samples[false]], [.. samples[true]]);
    }
}
