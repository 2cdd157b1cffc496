using System.Globalization;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// Names, units and the time of a step for a checkpoint and the robot that it is to drive, and where each was found.
/// </summary>
internal sealed class LeRobotNaming
{
    private const double MsPerSecond = 1_000;

    private readonly string _directory;
    private readonly LeRobotConfig _features;
    private readonly int _chunkSize;
    private readonly RobotNaming _robot;
    private readonly List<string> _remarks = [];

    /// <param name="directory">The policy's, for messages.</param>
    /// <param name="features">How many there are of each.</param>
    /// <param name="chunkSize">Actions in a chunk.</param>
    /// <param name="names">What the checkpoint says itself.</param>
    /// <param name="robot">What the robot says.</param>
    /// <exception cref="PolicyException">They do not go together, or something is said nowhere.</exception>
    public LeRobotNaming(string directory, LeRobotConfig features, int chunkSize, LeRobotNames names, RobotNaming robot)
    {
        (_directory, _features, _chunkSize, _robot) = (directory, features, chunkSize, robot);
        (ActionNames, ActionUnits) = Named(
            "actions",
            features.Action,
            names.Action,
            robot.ActionNames,
            robot.ActionUnits
        );
        (StateNames, StateUnits) = Numbers(names);
        StepMs = Step(names);
    }

    public IReadOnlyList<string> ActionNames { get; }

    public IReadOnlyList<string> ActionUnits { get; }

    public IReadOnlyList<string> StateNames { get; }

    public IReadOnlyList<string> StateUnits { get; }

    public double StepMs { get; }

    /// <summary>What came from where, a line for each.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    /// <summary>Names for whoever has none: the feature's last word and a number.</summary>
    public static IReadOnlyList<string> Numbered(LeRobotFeature feature)
    {
        var word = feature.Key[(feature.Key.LastIndexOf('.') + 1)..];
        return
        [
            .. Enumerable
                .Range(1, feature.Count)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"{word}_{i}")),
        ];
    }

    /// <summary>What a checkpoint leaves open, a line for each.</summary>
    public static IReadOnlyList<string> Open(LeRobotConfig features, int chunkSize, LeRobotNames names)
    {
        var unnamed = new List<string>();
        if (names.Action is null)
            unnamed.Add(features.Action.Key);
        if (features.State is { } state && names.State is null)
            unnamed.Add(state.Key);
        if (features.Environment is { } environment && names.Environment is null)
            unnamed.Add(environment.Key);
        var open = new List<string>();
        if (unnamed.Count > 0)
            open.Add(
                $"the checkpoint has no names for the numbers of {string.Join(" and ", unnamed)}: a run takes the "
                    + $"robot's, or those in {LeRobotNames.File}"
            );
        if (names.StepMs is { } stepMs)
            open.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the actions of its chunks are {stepMs:0.###} ms apart, from {names.StepSource}"
                )
            );
        else if (chunkSize > 1)
            open.Add(
                "the checkpoint does not say how far apart the actions of a chunk are: a run takes --policy-step MS, "
                    + "or the robot profile's stepMs"
            );
        return open;
    }

    private (IReadOnlyList<string> Names, IReadOnlyList<string> Units) Numbers(LeRobotNames names)
    {
        var features = _features;
        if (features is { State: null, Environment: null })
            return ([], []);
        // The robot tells its own state first, and what it knows of its surroundings behind it.
        var told = (Names: _robot.StateNames, Units: _robot.StateUnits);
        var own = features.State?.Count ?? 0;
        var state = features.State is { } robot
            ? Named(
                "state",
                robot,
                names.State,
                features.Environment is null ? told.Names : [.. told.Names.Take(own)],
                features.Environment is null ? told.Units : [.. told.Units.Take(own)]
            )
            : ([], []);
        var around = features.Environment is { } environment
            ? Named(
                "environment state",
                environment,
                names.Environment,
                [.. told.Names.Skip(own)],
                [.. told.Units.Skip(own)]
            )
            : ([], []);
        return ([.. state.Names, .. around.Names], [.. state.Units, .. around.Units]);
    }

    private (IReadOnlyList<string> Names, IReadOnlyList<string> Units) Named(
        string what,
        LeRobotFeature feature,
        NamedNumbers? own,
        IReadOnlyList<string> robotNames,
        IReadOnlyList<string> robotUnits
    )
    {
        if (own is { Units: { } units })
        {
            _remarks.Add($"names and units of its {what} are from {own.Source}");
            return (own.Names, units);
        }

        if (own is not null)
        {
            _remarks.Add($"names of its {what} are from {own.Source}, units from {_robot.Who}");
            return (own.Names, [.. own.Names.Select(name => UnitOf(name, robotNames, robotUnits))]);
        }

        if (robotNames.Count == 0)
        {
            _remarks.Add($"{_robot.Who} tells no {what}: the policy gets the average of its training");
            return (Numbered(feature), [.. Enumerable.Repeat("1", feature.Count)]);
        }

        if (robotNames.Count != feature.Count)
        {
            throw new PolicyException(
                $"{_directory}: {feature.Key} has {feature.Count} numbers without names, and {_robot.Who} has "
                    + $"{robotNames.Count} "
                    + $"({string.Join(' ', robotNames)}): choose the robot that it was trained for, or name them in "
                    + $"{LeRobotNames.File} beside the weights"
            );
        }

        _remarks.Add(
            $"its {what} {(what == "actions" ? "are" : "is")} taken for {string.Join(", ", robotNames)}, in the "
                + $"order of {_robot.Who}"
        );
        return (robotNames, robotUnits);
    }

    private static string UnitOf(string name, IReadOnlyList<string> robotNames, IReadOnlyList<string> robotUnits)
    {
        for (var i = 0; i < robotNames.Count; i++)
        {
            if (robotNames[i] == name)
                return robotUnits[i];
        }

        return "1";
    }

    private double Step(LeRobotNames names)
    {
        if (_chunkSize == 1)
            return names.StepMs ?? MsPerSecond;
        var (stepMs, source) =
            _robot.GivenStepMs is { } given ? (given, "the setting policyStepMs")
            : names.StepMs is { } own ? (own, names.StepSource)
            : _robot.StepMs is { } robot ? (robot, _robot.Who)
            : throw new PolicyException(
                $"{_directory}: nothing says how far apart the actions of a chunk are: give --policy-step MS, 1000 "
                    + "divided by the fps of the "
                    + $"data it was trained on, or step_ms in {LeRobotNames.File} beside the weights, or stepMs in "
                    + "the robot's profile"
            );
        _remarks.Add(
            string.Create(
                CultureInfo.InvariantCulture,
                $"the actions of its chunks are {stepMs:0.###} ms apart, from {source}"
            )
        );
        return stepMs;
    }
}
