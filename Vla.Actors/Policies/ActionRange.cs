namespace Vla.Actors.Policies;

/// <summary>Between which values the actions of a policy's training lay, in the robot's units.</summary>
/// <param name="Lowest">A value for each dimension.</param>
/// <param name="Highest">A value for each dimension.</param>
/// <param name="Source">What they are: <c>the smallest and largest actions of its training</c>.</param>
public sealed record ActionRange(IReadOnlyList<float> Lowest, IReadOnlyList<float> Highest, string Source)
{
    /// <summary>
    /// In standard deviations from the mean: 997 of 1,000 actions, were they spread as chance spreads.
    /// </summary>
    private const float Spread = 3;

    /// <summary>For a policy that has nothing but mean and standard deviation.</summary>
    public static ActionRange OfSpread(IReadOnlyList<float> mean, IReadOnlyList<float> std) =>
        new(
            [.. mean.Zip(std, (middle, width) => middle - Spread * width)],
            [.. mean.Zip(std, (middle, width) => middle + Spread * width)],
            "three standard deviations around the mean of its training's actions"
        );
}
