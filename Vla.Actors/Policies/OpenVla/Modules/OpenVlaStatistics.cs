namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>Between which values the actions of a data set lay: what brings a policy's actions to the robot's
/// units.</summary>
/// <param name="Low">The 1st of a hundred parts, for each number of an action.</param>
/// <param name="High">The 99th.</param>
/// <param name="Mask">False for a number that stays as it is, such as a gripper's.</param>
internal sealed record OpenVlaStatistics(
    IReadOnlyList<double> Low,
    IReadOnlyList<double> High,
    IReadOnlyList<bool> Mask
)
{
    private const int MostDimensions = 64;

    /// <summary>Numbers of an action.</summary>
    public int Dimensions => Low.Count;

    /// <exception cref="PolicyException">A value is missing or malformed.</exception>
    public static OpenVlaStatistics Read(ConfigSection action)
    {
        var low = action.Doubles("q01", 1, MostDimensions);
        var high = action.Doubles("q99", low.Count, low.Count);
        var mask = action.HasList("mask") ? action.Flags("mask", low.Count) : [.. Enumerable.Repeat(true, low.Count)];
        return new OpenVlaStatistics(low, high, mask);
    }

    /// <summary>A number between −1 and 1 in the robot's unit.</summary>
    public double Unnormalise(int dimension, double value) =>
        Mask[dimension] ? 0.5 * (value + 1) * (High[dimension] - Low[dimension]) + Low[dimension] : value;
}
