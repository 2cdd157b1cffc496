using System.Collections.Immutable;
using Vla.Actors.Policies;

namespace Vla.Actors.Robots;

/// <summary>
/// What a robot's action means and what it may be: dimensions with units and limits, read from a JSON file.
/// </summary>
public sealed class RobotProfile
{
    /// <summary>Clamps are marked in 64 bits.</summary>
    public const int MaximumDimensions = 64;

    /// <summary>A profile made in code: its values are not checked. <see cref="Load"/> checks a file.</summary>
    public RobotProfile(string name, bool limitsEnabled, IReadOnlyList<RobotDimension> dimensions)
    {
        Name = name;
        LimitsEnabled = limitsEnabled;
        Dimensions = dimensions.ToImmutableArray();
    }

    /// <summary>What the robot is called.</summary>
    public string Name { get; }

    /// <summary>False only when the file says <c>"limits": false</c>; status shows it.</summary>
    public bool LimitsEnabled { get; }

    /// <summary>
    /// Time from one action of a chunk to the next, milliseconds, for a policy whose checkpoint does not say; null for
    /// nothing.
    /// </summary>
    public double? StepMs { get; init; }

    /// <summary>
    /// In the order of the policy's actions; 1 to 64. Nobody can change it: outputs are given the profile too.
    /// </summary>
    public IReadOnlyList<RobotDimension> Dimensions { get; }

    /// <summary>Reads and checks a profile (<c>config/robots/*.json</c>).</summary>
    /// <exception cref="RobotProfileException">The file is missing or wrong; the message names file, key, value,
    /// range.</exception>
    public static RobotProfile Load(string file) => RobotProfileReader.Read(file);

    /// <summary>What is wrong with a profile made in code, in words; null when nothing is.</summary>
    public string? Problem()
    {
        if (Dimensions.Count is 0 or > MaximumDimensions)
            return $"it has {Dimensions.Count} dimensions; allowed are 1 to {MaximumDimensions}";
        foreach (var dimension in Dimensions)
        {
            if (string.IsNullOrWhiteSpace(dimension.Name) || string.IsNullOrWhiteSpace(dimension.Unit))
                return "a dimension has no name, or no unit";
            if (Dimensions.Count(other => other.Name == dimension.Name) > 1)
                return $"two dimensions have the name {dimension.Name}";
            if (dimension.Problem(LimitsEnabled) is { } problem)
                return $"{dimension.Name}: {problem}";
        }

        return null;
    }

    /// <summary>
    /// Checks that a robot's actions are this profile's: the same names and units, in the same order.
    /// </summary>
    /// <exception cref="RobotProfileException">They are not; the message names the first difference.</exception>
    public void RequireFits(IRobot robot)
    {
        RobotStates.RequireNamed(robot.Name, "action", robot.ActionNames, robot.ActionUnits);
        if (robot.ActionNames.Count != Dimensions.Count)
        {
            throw new RobotProfileException(
                $"robot profile '{Name}' has {Dimensions.Count} dimensions "
                    + $"({string.Join(' ', Dimensions.Select(d => d.Name))}), "
                    + $"robot '{robot.Name}' takes {robot.ActionNames.Count} "
                    + $"({string.Join(' ', robot.ActionNames)}): choose this robot's profile"
            );
        }

        for (var i = 0; i < Dimensions.Count; i++)
        {
            var dimension = Dimensions[i];
            if (dimension.Name == robot.ActionNames[i] && dimension.Unit == robot.ActionUnits[i])
                continue;
            throw new RobotProfileException(
                $"robot profile '{Name}' does not fit robot '{robot.Name}': dimension {i + 1} is {dimension.Name} "
                    + $"({dimension.Unit}) in the "
                    + $"profile and {robot.ActionNames[i]} ({robot.ActionUnits[i]}) in the robot"
            );
        }
    }

    /// <summary>Checks that a policy's actions are this robot's: the same names and units, in the same order.</summary>
    /// <exception cref="RobotProfileException">They are not; the message names the first difference.</exception>
    public void RequireFits(ActionSpec action)
    {
        if (action.Dimensions != Dimensions.Count)
        {
            throw new RobotProfileException(
                $"robot profile '{Name}' has {Dimensions.Count} dimensions "
                    + $"({string.Join(' ', Dimensions.Select(d => d.Name))}), "
                    + $"the policy's action has {action.Dimensions} ({string.Join(' ', action.Names)}): choose the "
                    + "profile of the policy's robot"
            );
        }

        for (var i = 0; i < Dimensions.Count; i++)
        {
            var dimension = Dimensions[i];
            if (dimension.Name == action.Names[i] && dimension.Unit == action.Units[i])
                continue;
            throw new RobotProfileException(
                $"robot profile '{Name}' does not fit the policy: dimension {i + 1} is {dimension.Name} "
                    + $"({dimension.Unit}) in the profile "
                    + $"and {action.Names[i]} ({action.Units[i]}) in the policy"
            );
        }
    }
}

/// <summary>One number of a robot's action.</summary>
public sealed record RobotDimension
{
    /// <summary>As the policy calls it: <c>x</c>, <c>shoulder_pan</c>.</summary>
    public required string Name { get; init; }

    /// <summary><c>m</c>, <c>rad</c>, <c>m/s</c>, … or <c>1</c>.</summary>
    public required string Unit { get; init; }

    /// <summary>Lowest value, in <see cref="Unit"/>. Limits mean nothing when the profile has them off.</summary>
    public float Minimum { get; init; }

    /// <summary>Highest value, in <see cref="Unit"/>.</summary>
    public float Maximum { get; init; }

    /// <summary>How fast the value may change, <see cref="Unit"/> per second, above 0.</summary>
    public float MaximumRate { get; init; }

    /// <summary>How fast the rate may change, <see cref="Unit"/> per second squared, above 0.</summary>
    public float MaximumAcceleration { get; init; }

    /// <summary>What is sent for it while the robot holds.</summary>
    public required HoldBehaviour Hold { get; init; }

    /// <summary>
    /// For <see cref="HoldBehaviour.Keep"/>: where a robot that does not tell its state is taken to be before the first
    /// action.
    /// </summary>
    public float Start { get; init; }

    /// <summary>
    /// For <see cref="HoldBehaviour.Keep"/>: how far from where the robot is its first action may be, at first and
    /// after a stop, in <see cref="Unit"/>, 0 or more. A first action further away is not followed.
    /// </summary>
    public float Reach { get; init; } = float.PositiveInfinity;

    /// <summary>
    /// The same where the robot does not tell where it is. From a file: <see cref="Reach"/>, or a tenth of the range
    /// between the limits when the file gives none.
    /// </summary>
    public float ReachWithoutState { get; init; } = float.PositiveInfinity;

    internal string? Problem(bool hasLimits)
    {
        if (hasLimits && !(float.IsFinite(Minimum) && float.IsFinite(Maximum) && Minimum <= Maximum))
            return $"Minimum is {Minimum} and Maximum {Maximum}; allowed are numbers, Minimum the lower one";
        if (hasLimits && !(MaximumRate > 0 && MaximumAcceleration > 0))
            return $"MaximumRate is {MaximumRate} and MaximumAcceleration {MaximumAcceleration}; allowed are numbers "
                + "above 0";
        if (
            Hold == HoldBehaviour.Keep
            && (!float.IsFinite(Start) || (hasLimits && (Start < Minimum || Start > Maximum)))
        )
            return $"Start is {Start}; allowed is a number from {Minimum} to {Maximum}";
        if (Hold == HoldBehaviour.Zero && hasLimits && (Minimum > 0 || Maximum < 0))
            return $"Hold is Zero, and 0 is outside {Minimum} to {Maximum}";
        return Reach >= 0 && ReachWithoutState >= 0 ? null : "Reach is below 0, or no number";
    }
}

/// <summary>What holding still means for a dimension.</summary>
public enum HoldBehaviour
{
    /// <summary>Publish zero: a delta or a velocity.</summary>
    Zero,

    /// <summary>Publish the last value again: a position.</summary>
    Keep,
}

/// <summary>
/// A robot profile cannot be used. The message names the file, the key, the value and what is allowed.
/// </summary>
public sealed class RobotProfileException(string message, Exception? inner = null) : Exception(message, inner);
