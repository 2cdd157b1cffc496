using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>What a LeRobot policy does to its inputs before the model and to its actions after it.</summary>
/// <remarks>
/// Present checkpoints say so in <c>policy_preprocessor.json</c> and <c>policy_postprocessor.json</c>, with the
/// statistics in files of their own; older ones (before processors, October 2025) keep the statistics among the
/// weights. Steps that move data to a device or add a batch axis are this program's own business. A step that names a
/// class of somebody's own is refused: nothing in a policy's directory is executed.
/// </remarks>
internal sealed class LeRobotProcessors : IDisposable
{
    private const string BeforeFile = "policy_preprocessor.json";
    private const string AfterFile = "policy_postprocessor.json";
    private const double OlderEps = 1e-8;

    private static readonly string[] WithoutEffect = ["to_batch_processor", "device_processor"];

    private readonly IReadOnlyList<string> _ofWords;
    private readonly Dictionary<string, FeatureScale> _inputs = [];
    private readonly Dictionary<string, string> _renamed = [];
    private FeatureScale? _action;
    private RelativeActions? _relative;
    private ActionRange? _range;

    private LeRobotProcessors(IReadOnlyList<string> ofWords) => _ofWords = ofWords;

    /// <summary>The name that an input comes under: its own, or the one that is renamed to it.</summary>
    public string NameOf(LeRobotFeature feature) =>
        _renamed.FirstOrDefault(pair => pair.Value == feature.Key).Key ?? feature.Key;

    /// <summary>How an input is scaled; null for one that stays as it is.</summary>
    public FeatureScale? ScaleOf(LeRobotFeature feature) => _inputs.GetValueOrDefault(feature.Key);

    /// <summary>How actions are scaled; null where they stay as they are.</summary>
    public FeatureScale? ActionScale => _action;

    /// <summary>Between which values the actions of its training lay; null where the checkpoint does not say.</summary>
    public ActionRange? Range => _range;

    /// <summary>Which numbers of an action count from the robot's state; null where none does.</summary>
    public RelativeActions? Relative => _relative is { IsUndone: true } ? _relative : null;

    /// <summary>How words become token ids; null where no step says so.</summary>
    public WordSettings? Words { get; private set; }

    /// <param name="directory">The policy's.</param>
    /// <param name="config">Its <c>config.json</c>.</param>
    /// <param name="weights">For the older format; null where there are none yet.</param>
    /// <param name="device">Where the model computes.</param>
    /// <param name="ofWords">Steps that make token ids of words, of a family that reads words itself.</param>
    /// <exception cref="PolicyException">Something is missing, unknown or does not fit.</exception>
    public static LeRobotProcessors Read(
        string directory,
        LeRobotConfig config,
        Checkpoint? weights,
        Device device,
        params IReadOnlyList<string> ofWords
    )
    {
        var processors = new LeRobotProcessors(ofWords);
        try
        {
            var before = Path.Combine(directory, BeforeFile);
            if (File.Exists(before))
            {
                processors.ReadSteps(before, config, device);
                processors.ReadSteps(Path.Combine(directory, AfterFile), config, device);
            }
            else
            {
                processors.ReadBuffers(before, config, weights, device);
            }

            if (processors._relative is { IsUndone: false })
                throw new PolicyException(
                    $"{Path.Combine(directory, BeforeFile)}: its actions count from the robot's state "
                        + "(relative_actions_processor), "
                        + $"and {AfterFile} has no absolute_actions_processor that is enabled: copy the whole "
                        + "directory of the checkpoint"
                );
            return processors;
        }
        catch
        {
            processors.Dispose();
            throw;
        }
    }

    /// <summary>A raw input as the model takes it, [batch, …]; one without statistics stays as it is.</summary>
    public Tensor Normalise(string key, Tensor values) =>
        _inputs.TryGetValue(key, out var scale) ? scale.Normalise(values) : values.alias();

    /// <summary>The robot's actions [batch, count, dimensions] as the model gives them, to learn from.</summary>
    public Tensor NormaliseAction(Tensor actions) => _action is { } scale ? scale.Normalise(actions) : actions.alias();

    /// <summary>The model's actions [batch, count, dimensions] in the robot's units.</summary>
    public Tensor Unnormalise(Tensor actions) => _action is { } scale ? scale.Unnormalise(actions) : actions.alias();

    public void Dispose()
    {
        foreach (var scale in _inputs.Values)
            scale.Dispose();
        _action?.Dispose();
    }

    private void ReadSteps(string file, LeRobotConfig config, Device device)
    {
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone()) { NullIsMissing = true };
        foreach (var step in root.Sections("steps", 64))
        {
            if (step.OptionalText("class", 1_000) is { } type)
                throw step.Wrong(
                    "class",
                    ErrorText.Bounded(type),
                    "a step of LeRobot's own, by its registry_name; code of a policy's own is not run"
                );
            var name = step.Text("registry_name", 128);
            switch (name)
            {
                case "rename_observations_processor":
                    Rename(step.Section("config").OptionalSection("rename_map"));
                    break;
                case "normalizer_processor":
                    ReadScales(
                        step,
                        config.Inputs,
                        device,
                        (key, scale) => RequireFirst(step, key, scale, _inputs.TryAdd(key, scale))
                    );
                    break;
                case "unnormalizer_processor":
                    ReadScales(
                        step,
                        [config.Action],
                        device,
                        (key, scale) =>
                        {
                            RequireFirst(step, key, scale, _action is null);
                            _action = scale;
                        }
                    );
                    if (step.OptionalText("state_file", 255) is { } stored)
                    {
                        using var statistics = SafetensorsCheckpoint.Open(step.InDirectory("state_file", stored));
                        _range = LeRobotStatistics.RangeOf(statistics, $"{config.Action.Key}.", config.Action.Count);
                    }

                    break;
                case "relative_actions_processor":
                    _relative = RelativeActions.Read(step.Section("config"), config);
                    break;
                case "tokenizer_processor" when _ofWords.Contains(name):
                    Words = WordSettings.Read(step);
                    break;
                case "absolute_actions_processor":
                    if (_relative is null || step.Section("config").OptionalFlag("enabled") != true)
                        break;
                    _relative = _relative with { IsUndone = true };
                    break;
                default:
                    if (!WithoutEffect.Contains(name) && !_ofWords.Contains(name))
                        throw step.Wrong("registry_name", ErrorText.Bounded(name), "a step that this family knows");
                    break;
            }
        }
    }

    private static void RequireFirst(ConfigSection step, string key, FeatureScale scale, bool isFirst)
    {
        if (isFirst)
            return;
        scale.Dispose();
        throw step.Wrong("registry_name", "a second one", $"one step that scales {ErrorText.Bounded(key)}");
    }

    private void Rename(ConfigSection? map)
    {
        foreach (var key in map?.Keys ?? [])
            _renamed[key] = map!.Text(key, 128);
    }

    private static void ReadScales(
        ConfigSection step,
        IEnumerable<LeRobotFeature> features,
        Device device,
        Action<string, FeatureScale> keep
    )
    {
        var config = step.Section("config");
        var eps = config.OptionalNumber("eps", 0, 1, OlderEps);
        var modes = ScaleModes.Read(config.OptionalSection("norm_map"));
        if (step.OptionalText("state_file", 255) is not { } name)
            return;

        using var statistics = SafetensorsCheckpoint.Open(step.InDirectory("state_file", name));
        foreach (var feature in features)
        {
            if (ScaleModes.Statistics(modes.GetValueOrDefault(feature.Kind)) is not { } wanted)
                continue;
            if (!statistics.Tensors.Keys.Any(key => key.StartsWith($"{feature.Key}.", StringComparison.Ordinal)))
                continue;
            keep(
                feature.Key,
                LeRobotStatistics.Scale(
                    statistics,
                    feature,
                    modes[feature.Kind],
                    ($"{feature.Key}.{wanted.Low}", $"{feature.Key}.{wanted.High}"),
                    eps,
                    older: false,
                    device
                )
            );
        }
    }

    private void ReadBuffers(string missing, LeRobotConfig config, Checkpoint? weights, Device device)
    {
        const string inputs = "normalize_inputs.buffer_";
        const string outputs = "unnormalize_outputs.buffer_";
        if (weights is null || !weights.Tensors.Keys.Any(key => key.StartsWith(outputs, StringComparison.Ordinal)))
            throw new PolicyException(
                $"{missing}: is missing, and {weights?.Path ?? PolicyKind.WeightsFile} has no statistics "
                    + $"({outputs}…) as older checkpoints do: "
                    + "copy the whole directory of the checkpoint"
            );

        foreach (var feature in config.Inputs)
        {
            if (Read(feature, inputs) is { } scale)
                _inputs.Add(feature.Key, scale);
        }

        _action = Read(config.Action, outputs);
        _range = LeRobotStatistics.RangeOf(weights, $"{outputs}{config.Action.Key}.", config.Action.Count);

        FeatureScale? Read(LeRobotFeature feature, string prefix)
        {
            var mode = config.Scaling.GetValueOrDefault(feature.Kind);
            if (ScaleModes.Statistics(mode) is not { } wanted)
                return null;
            var name = $"{prefix}{feature.Key.Replace('.', '_')}";
            return LeRobotStatistics.Scale(
                weights,
                feature,
                mode,
                ($"{name}.{wanted.Low}", $"{name}.{wanted.High}"),
                OlderEps,
                older: true,
                device
            );
        }
    }
}
