namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// What the <c>config.json</c> of every LeRobot policy says: its type, what goes in and out, and how it is scaled.
/// </summary>
/// <remarks>
/// The order of the inputs is the file's, and the order of the cameras is theirs. Keys that are not known are passed
/// over, as training settings stand among them.
/// </remarks>
internal sealed record LeRobotConfig
{
    private const int MaximumFeatures = 64;
    private const int MaximumRank = 3;
    private const int LargestSize = 16_384;

    private LeRobotConfig(ConfigSection root) => Root = root;

    /// <summary>The policy's type: <c>act</c>, <c>smolvla</c>, …</summary>
    public required string Type { get; init; }

    public required IReadOnlyList<LeRobotFeature> Inputs { get; init; }

    public required LeRobotFeature Action { get; init; }

    /// <summary>How each kind of feature is scaled in the older format, which has no processor files.</summary>
    public required IReadOnlyDictionary<FeatureKind, ScaleMode> Scaling { get; init; }

    /// <summary>The whole file, for what only one type of policy has.</summary>
    public ConfigSection Root { get; }

    /// <summary>The robot's state; null for a policy that takes none.</summary>
    public LeRobotFeature? State =>
        Inputs.FirstOrDefault(input => input is { Kind: FeatureKind.State, Key: LeRobotFeature.State });

    /// <summary>The surroundings' state; null for a policy that takes none.</summary>
    public LeRobotFeature? Environment => Inputs.FirstOrDefault(input => input.Kind == FeatureKind.Env);

    /// <summary>The numbers that it takes: the robot's state, then the surroundings'.</summary>
    public IEnumerable<LeRobotFeature> Numbers => new[] { State, Environment }.OfType<LeRobotFeature>();

    /// <summary>The cameras, in the order in which the policy takes their pictures.</summary>
    public IEnumerable<LeRobotFeature> Cameras => Inputs.Where(input => input.Kind == FeatureKind.Visual);

    /// <exception cref="PolicyException">A key is missing or its value out of range.</exception>
    public static LeRobotConfig Read(string file)
    {
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone()) { NullIsMissing = true };
        if (root.Has("input_shapes") && !root.Has("input_features"))
            throw new PolicyException(
                $"{file}: is of a LeRobot before February 2025 (input_shapes); load and save it with a LeRobot of "
                    + "2025 first"
            );
        if (root.OptionalFlag("use_peft") ?? false)
            throw new PolicyException(
                $"{file}: use_peft is true: the weights are an adapter alone; merge it into its base policy and save "
                    + "that"
            );

        var outputs = Features(root.Section("output_features"));
        return new LeRobotConfig(root)
        {
            Type = root.Text("type", 64),
            Inputs = Features(root.Section("input_features")),
            Action =
                outputs.FirstOrDefault(feature => feature is { Key: LeRobotFeature.Action, Shape.Count: 1 })
                ?? throw new PolicyException($"{file}: output_features has no \"action\" with a list of one size"),
            Scaling = ScaleModes.Read(root.OptionalSection("normalization_mapping")),
        };
    }

    private static IReadOnlyList<LeRobotFeature> Features(ConfigSection section)
    {
        var keys = section.Keys;
        if (keys.Count is 0 or > MaximumFeatures)
            throw section.Wrong("", $"{keys.Count} features", $"1 to {MaximumFeatures}");
        return [.. keys.Select(key => Feature(key, section.Section(key)))];
    }

    private static LeRobotFeature Feature(string key, ConfigSection section) =>
        new(
            key,
            Enum.TryParse<FeatureKind>(section.Text("type", 64), ignoreCase: true, out var kind)
                ? kind
                : FeatureKind.Other,
            section.Integers("shape", 1, MaximumRank, 1, LargestSize)
        );
}
