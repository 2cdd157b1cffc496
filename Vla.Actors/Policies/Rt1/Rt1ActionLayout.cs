using Vla.Actors.Policies.Rt1.Modules;

namespace Vla.Actors.Policies.Rt1;

/// <summary>
/// Which numbers of RT-1's action a robot gets, in its order: all of them, or those that an arm takes which is steered
/// by motions of its end effector.
/// </summary>
internal sealed class Rt1ActionLayout
{
    private const string Gripper = "gripper";

    private readonly IReadOnlyList<(int Place, float Scale, float Offset)> _numbers;

    private Rt1ActionLayout(
        IReadOnlyList<string> names,
        IReadOnlyList<string> units,
        IReadOnlyList<(int Place, float Scale, float Offset)> numbers,
        IReadOnlyList<string> remarks
    ) => (Names, Units, _numbers, Remarks) = (names, units, numbers, remarks);

    public IReadOnlyList<string> Names { get; }

    public IReadOnlyList<string> Units { get; }

    /// <summary>What was left out and converted, a line each.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>All numbers, as the original has them.</summary>
    public static Rt1ActionLayout Whole(Rt1Config config) =>
        new(
            [.. config.Action.SelectMany(part => part.Names)],
            [.. config.Action.SelectMany(part => part.Names.Select(_ => part.Unit))],
            [.. Enumerable.Range(0, config.ActionSize).Select(i => (i, 1f, 0f))],
            []
        );

    /// <summary>Those that a robot takes.</summary>
    /// <param name="config">What there is.</param>
    /// <param name="robot">Its names: the original's own, or x, y, z, roll, pitch, yaw and gripper, where it has
    /// them.</param>
    /// <returns>All, where the robot's names are none of these.</returns>
    public static Rt1ActionLayout For(Rt1Config config, RobotNaming robot)
    {
        var whole = Whole(config);
        var known = new Dictionary<string, (int Place, string Unit, float Scale, float Offset)>();
        foreach (var (place, (name, unit)) in whole.Names.Zip(whole.Units).Index())
            known[name] = (place, unit, 1, 0);
        foreach (
            var (name, original) in (ReadOnlySpan<(string, string)>)
                [
                    ("x", "world_vector_x"),
                    ("y", "world_vector_y"),
                    ("z", "world_vector_z"),
                    ("roll", "rotation_delta_x"),
                    ("pitch", "rotation_delta_y"),
                    ("yaw", "rotation_delta_z"),
                ]
        )
        {
            if (known.TryGetValue(original, out var same))
                known[name] = same;
        }

        // The original says how closed it is, from -1 to 1; others how open, from 0 to 1.
        if (known.TryGetValue("gripper_closedness_action", out var closed))
            known[Gripper] = (closed.Place, "1", -0.5f, 0.5f);
        if (robot.ActionNames.Count == 0 || !robot.ActionNames.All(known.ContainsKey))
            return whole;
        var chosen = robot.ActionNames.Select(name => known[name]).ToList();
        var remarks = new List<string>();
        string[] left =
        [
            .. config
                .Action.Where(part => !part.Names.Any(name => chosen.Any(one => whole.Names[one.Place] == name)))
                .Select(part => part.Name),
        ];
        if (left.Length > 0)
            remarks.Add(
                $"{string.Join(", ", left)} of its actions {(left.Length == 1 ? "is" : "are")} left out: "
                    + $"{robot.Who} takes none"
            );
        if (robot.ActionNames.Contains(Gripper))
            remarks.Add("gripper is how open: 0.5 - 0.5 times its gripper_closedness_action");
        return new Rt1ActionLayout(
            robot.ActionNames,
            [.. chosen.Select(one => one.Unit)],
            [.. chosen.Select(one => (one.Place, one.Scale, one.Offset))],
            remarks
        );
    }

    /// <summary>The robot's numbers.</summary>
    /// <param name="action">All of the original's.</param>
    public float[] Of(ReadOnlySpan<float> action)
    {
        var values = new float[_numbers.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = action[_numbers[i].Place] * _numbers[i].Scale + _numbers[i].Offset;
        return values;
    }

    /// <summary>The ends of each of the robot's numbers.</summary>
    public ActionRange Range(Rt1Config config)
    {
        var ends = config
            .Action.SelectMany(part => part.Names.Select(_ => (Low: (float)part.Lowest, High: (float)part.Highest)))
            .ToList();
        var (low, high) = (Of([.. ends.Select(end => end.Low)]), Of([.. ends.Select(end => end.High)]));
        return new ActionRange(
            [.. low.Zip(high, Math.Min)],
            [.. low.Zip(high, Math.Max)],
            "the ends between which its action tokens lie"
        );
    }
}
