using System.Globalization;
using Akka.Actor;
using Vla.Actors.Checkpoints;
using Vla.Actors.Chunks;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Policies.LeRobot;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Act;

/// <summary>
/// LeRobot's ACT as a policy, from its own checkpoint directory: <c>config.json</c>, <c>model.safetensors</c> and the
/// processors' files.
/// </summary>
/// <remarks>
/// Nothing is converted, nothing downloaded, nothing executed. What LeRobot's files mostly do not say, the names and
/// units of actions and state and the time of a step, is taken from the robot (<see cref="Driving"/>); <see
/// cref="Remarks"/> says what came from where. It reads no words.
/// </remarks>
public sealed class ActPolicy : IPolicy
{
    /// <summary>The type in <c>config.json</c>.</summary>
    public const string Type = "act";

    private const string NoUnit = "1";
    private const double MsPerSecond = 1_000;

    /// <summary>Pictures are prepared for nobody where a policy takes none: the fewer pixels the better.</summary>
    private const int SmallestPicture = 16;

    private readonly ActConfig _config;
    private readonly LeRobotNames _names;
    private readonly IReadOnlyDictionary<string, ImageSpec> _images;
    private readonly (float[] Mean, float[] Std) _stateScale;
    private readonly (float[] Mean, float[] Std) _actionScale;

    private ActPolicy(string directory, ActConfig config, LeRobotProcessors processors, long parameters)
    {
        (Directory, _config, Parameters, Range) = (directory, config, parameters, processors.Range);
        _names = LeRobotNames.Read(directory, config.Features);
        _images = LeRobotPictures.Of(directory, config.Features, processors);
        _stateScale = Join(
            config.Features.Numbers.Select(feature => processors.ScaleOf(feature)?.AsInput() ?? Plain(feature.Count))
        );
        _actionScale = processors.ActionScale?.AsOutput() ?? Plain(config.Features.Action.Count);
        Relative = processors.Relative;
        Image =
            _images.Values.FirstOrDefault() ?? new ImageSpec(SmallestPicture, SmallestPicture, [0, 0, 0], [1, 1, 1]);
        Pictures = _images.Count > 0 ? [.. _images.Keys] : null;
        State = StateOf(null);
        Action = ActionOf(null);
        Remarks = ActNaming.Open(config, _names);
        StepIsKnown = _names.StepMs is not null || config.ChunkSize == 1;
        Info = new PolicyInfo
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory))),
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"LeRobot's ACT: {_images.Count} pictures, {State.Dimensions} numbers of state, chunks of "
                    + $"{config.ChunkSize} actions."
            ),
            Trained = null,
            Note = "",
            StageTypes = new Dictionary<string, string> { ["vision_backbone"] = "resnet", ["transformer"] = Type },
        };
    }

    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    public static ActPolicy Load(string directory)
    {
        var config = ActConfig.Read(Path.Combine(directory, PolicyKind.ConfigFile));
        WorkStep.Begin("reading the weights");
        using var weights = SafetensorsCheckpoint.Open(Path.Combine(directory, PolicyKind.WeightsFile));
        using var processors = LeRobotProcessors.Read(directory, config.Features, weights, CPU);
        using var whole = ActCheckpoint.Load(directory, CPU);
        return new ActPolicy(directory, config, processors, whole.Parameters);
    }

    public string Directory { get; }

    public PolicyInfo Info { get; }

    /// <summary>Sizes, and how chunks are carried out.</summary>
    public ActConfig Config => _config;

    /// <summary>The first camera's.</summary>
    public ImageSpec Image { get; }

    public IReadOnlyList<string>? Pictures { get; }

    /// <summary>The robot's state, and behind it that of its surroundings where the policy takes one.</summary>
    public StateSpec State { get; private init; }

    public ActionSpec Action { get; private init; }

    public IReadOnlyList<PolicyStep> Steps => ActSteps.All;

    public bool TakesWords => false;

    public bool StepIsKnown { get; private init; }

    public long? Parameters { get; }

    public ActionRange? Range { get; }

    public IReadOnlyList<string> Remarks { get; private init; }

    /// <summary>Which numbers of an action count from the robot's state; null where none does.</summary>
    internal RelativeActions? Relative { get; }

    public ImageSpec ImageOf(string picture) => _images.TryGetValue(picture, out var spec) ? spec : Image;

    public PrecisionInForce PrecisionOn(Device device) => new(Precision.Float32, "");

    /// <exception cref="PolicyException">The robot has another number of values, or nobody says how long a step
    /// is.</exception>
    public IPolicy Driving(RobotNaming robot)
    {
        var naming = new ActNaming(Directory, _config, _names, robot);
        return new ActPolicy(this)
        {
            Action = ActionOf(naming),
            State = StateOf(naming),
            Remarks = naming.Remarks,
            StepIsKnown = true,
        };
    }

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) => ActActors.Start(parent, this, host);

    // A copy, to be named.
    private ActPolicy(ActPolicy other)
    {
        (Directory, Info, Image, Pictures, Relative) = (
            other.Directory,
            other.Info,
            other.Image,
            other.Pictures,
            other.Relative
        );
        (_config, _names, _images) = (other._config, other._names, other._images);
        (_stateScale, _actionScale) = (other._stateScale, other._actionScale);
        (State, Action, Remarks) = (other.State, other.Action, other.Remarks);
        (Parameters, Range) = (other.Parameters, other.Range);
    }

    private StateSpec StateOf(ActNaming? naming)
    {
        var features = _config.Features;
        if (!features.Numbers.Any())
            return StateSpec.None;
        var (names, units) = naming is null
            ? (features.Numbers.SelectMany(Unnamed).ToList(), null)
            : (naming.StateNames, naming.StateUnits);
        return new StateSpec(names, units ?? [.. names.Select(_ => NoUnit)], _stateScale.Mean, _stateScale.Std);

        IEnumerable<string> Unnamed(LeRobotFeature feature) =>
            (feature == features.State ? _names.State : _names.Environment)?.Names ?? ActNaming.Numbered(feature);
    }

    private ActionSpec ActionOf(ActNaming? naming)
    {
        var names = naming?.ActionNames ?? _names.Action?.Names ?? ActNaming.Numbered(_config.Features.Action);
        var units = naming?.ActionUnits ?? _names.Action?.Units ?? [.. names.Select(_ => NoUnit)];
        // Of a policy that was not told its robot nothing is carried out; a step of no length would be no step.
        var stepMs = naming?.StepMs ?? _names.StepMs ?? MsPerSecond;
        return new ActionSpec(names, units, _actionScale.Mean, _actionScale.Std, _config.ChunkSize, stepMs)
        {
            Execution = _config.EnsembleCoefficient is { } coefficient
                ? new ChunkExecution
                {
                    Blend = ChunkBlend.Ensemble,
                    EnsembleDecay = coefficient,
                    EnsemblesWholeChunks = true,
                }
                : new ChunkExecution { Execute = _config.ActionSteps },
        };
    }

    private static (float[] Mean, float[] Std) Plain(int count) =>
        (new float[count], [.. Enumerable.Repeat(1f, count)]);

    private static (float[] Mean, float[] Std) Join(IEnumerable<(float[] Mean, float[] Std)> scales)
    {
        var all = scales.ToList();
        return ([.. all.SelectMany(scale => scale.Mean)], [.. all.SelectMany(scale => scale.Std)]);
    }
}
