namespace Vla.Actors.Policies.LeRobot;

/// <summary>The names of a list of numbers.</summary>
/// <param name="Names">One for each, in their order.</param>
/// <param name="Units">One for each; null where nobody wrote them down.</param>
/// <param name="Source">Where they were read.</param>
internal sealed record NamedNumbers(IReadOnlyList<string> Names, IReadOnlyList<string>? Units, string Source);

/// <summary>
/// What a LeRobot checkpoint says of the numbers that it takes and gives: names, units, and the time of a step.
/// </summary>
/// <remarks>
/// LeRobot itself needs none of them, so mostly they are not there. They are looked for in <c>vla_names.json</c>, which
/// somebody has put beside the weights, then among the features of <c>config.json</c>, then in
/// <c>train_config.json</c>.
/// </remarks>
internal sealed record LeRobotNames
{
    /// <summary>
    /// Names for whoever has a checkpoint without: <c>action</c>, <c>state</c>, <c>environment_state</c>,
    /// <c>step_ms</c>.
    /// </summary>
    public const string File = "vla_names.json";

    private const string TrainConfigFile = "train_config.json";
    private const int LongestName = 128;
    private const double LargestStepMs = 60_000;

    /// <summary>The frames of training data follow each other at this rate at most, Hz.</summary>
    private const double LargestFps = 1_000;

    private const double MsPerSecond = 1_000;

    public NamedNumbers? Action { get; init; }

    public NamedNumbers? State { get; init; }

    public NamedNumbers? Environment { get; init; }

    /// <summary>Time from one action of a chunk to the next, milliseconds; null where nobody wrote it down.</summary>
    public double? StepMs { get; init; }

    /// <summary>Where that was read.</summary>
    public string StepSource { get; init; } = "";

    /// <param name="directory">The policy's.</param>
    /// <param name="config">Its <c>config.json</c>.</param>
    /// <exception cref="PolicyException">One of the files is malformed, or names another number of things.</exception>
    public static LeRobotNames Read(string directory, LeRobotConfig config)
    {
        var beside = Beside(Path.Combine(directory, File), config);
        var training = Training(Path.Combine(directory, TrainConfigFile));
        return new LeRobotNames
        {
            Action = beside.Action ?? InConfig(config, "output_features", config.Action),
            State = beside.State ?? InConfig(config, "input_features", config.State),
            Environment = beside.Environment ?? InConfig(config, "input_features", config.Environment),
            StepMs = beside.StepMs ?? training.StepMs,
            StepSource = beside.StepMs is null ? training.Source : File,
        };
    }

    private static LeRobotNames Beside(string file, LeRobotConfig config)
    {
        if (!System.IO.File.Exists(file))
            return new LeRobotNames();
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone());
        var names = new LeRobotNames
        {
            Action = Numbers("action", config.Action),
            State = Numbers("state", config.State),
            Environment = Numbers("environment_state", config.Environment),
            StepMs = root.Has("step_ms") ? root.Number("step_ms", 0.1, LargestStepMs) : null,
        };
        root.CheckUnknown();
        return names;

        NamedNumbers? Numbers(string key, LeRobotFeature? feature)
        {
            if (root.OptionalSection(key) is not { } section)
                return null;
            if (feature is null)
                throw root.Wrong(key, "there", "nothing: the policy has no such feature");
            var count = feature.Count;
            var list = section.Texts("names", count, count, LongestName);
            var units = section.Has("units") ? section.Texts("units", count, count, LongestName) : null;
            section.CheckUnknown();
            RequireDifferent(section, list);
            return new NamedNumbers(list, units, File);
        }
    }

    private static NamedNumbers? InConfig(LeRobotConfig config, string features, LeRobotFeature? feature)
    {
        if (feature is null)
            return null;
        var section = config.Root.Section(features).Section(feature.Key);
        if (!section.HasList("names"))
            return null;
        var names = section.Texts("names", feature.Count, feature.Count, LongestName);
        RequireDifferent(section, names);
        return new NamedNumbers(names, null, PolicyKind.ConfigFile);
    }

    private static void RequireDifferent(ConfigSection section, IReadOnlyList<string> names)
    {
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw section.Wrong("names", $"\"{twice.Key}\" twice", "each name once");
    }

    private static (double? StepMs, string Source) Training(string file)
    {
        if (!System.IO.File.Exists(file))
            return (null, "");
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone()) { NullIsMissing = true };
        foreach (var (section, name) in new[] { (root, ""), (Below("dataset"), "dataset."), (Below("env"), "env.") })
        {
            if (section is null || !section.Has("fps"))
                continue;
            return (
                MsPerSecond / section.Number("fps", 1 / LargestStepMs, LargestFps),
                $"{TrainConfigFile} ({name}fps)"
            );
        }

        return (null, "");

        ConfigSection? Below(string key) => root.HasObject(key) ? root.Section(key) : null;
    }
}
