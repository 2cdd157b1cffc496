using Akka.Actor;
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
internal sealed class ActPolicy : IPolicy
{
    /// <summary>The type in <c>config.json</c>.</summary>
    public const string Type = "act";

    /// <summary>Pictures are prepared for nobody where a policy takes none: the fewer pixels the better.</summary>
    private const int SmallestPicture = 16;

    private readonly ActConfig _config;
    private readonly LeRobotSpecs _specs;
    private readonly IReadOnlyDictionary<string, ImageSpec> _images;

    private ActPolicy(string directory, ActConfig config, LeRobotProcessors processors, long parameters)
    {
        (Directory, _config, Parameters) = (directory, config, parameters);
        _images = LeRobotPictures.Of(directory, config.Features.Cameras, processors);
        _specs = LeRobotSpecs.Of(directory, config.Features, config.ChunkSize, Execution(config), processors);
        Image =
            _images.Values.FirstOrDefault() ?? new ImageSpec(SmallestPicture, SmallestPicture, [0, 0, 0], [1, 1, 1]);
        Pictures = _images.Count > 0 ? [.. _images.Keys] : null;
        Info = PolicyInfo.Of(
            directory,
            $"LeRobot's ACT: {_images.Count} pictures, {State.Dimensions} numbers of state, chunks of "
                + $"{config.ChunkSize} actions.",
            new Dictionary<string, string> { ["vision_backbone"] = "resnet", ["transformer"] = Type }
        );
    }

    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    public static ActPolicy Load(string directory)
    {
        WorkStep.Begin("reading the weights");
        using var whole = ActCheckpoint.Load(directory, CPU);
        return new ActPolicy(directory, whole.Config, whole.Processors, whole.Parameters);
    }

    public string Directory { get; }

    public PolicyInfo Info { get; }

    /// <summary>Sizes, and how chunks are carried out.</summary>
    public ActConfig Config => _config;

    /// <summary>The first camera's.</summary>
    public ImageSpec Image { get; }

    public IReadOnlyList<string>? Pictures { get; }

    /// <summary>The robot's state, and behind it that of its surroundings where the policy takes one.</summary>
    public StateSpec State => _specs.State;

    public ActionSpec Action => _specs.Action;

    public IReadOnlyList<PolicyStep> Steps => ActSteps.All;

    public bool TakesWords => false;

    public bool StepIsKnown => _specs.StepIsKnown;

    public long? Parameters { get; }

    public ActionRange? Range => _specs.Range;

    public IReadOnlyList<string> Remarks => _specs.Remarks;

    /// <summary>What the numbers are that it takes and gives.</summary>
    internal LeRobotSpecs Specs => _specs;

    public ImageSpec ImageOf(string picture) => _images.TryGetValue(picture, out var spec) ? spec : Image;

    public PrecisionInForce PrecisionOn(Device device) => new(Precision.Float32, "");

    /// <exception cref="PolicyException">The robot has another number of values, or nobody says how long a step
    /// is.</exception>
    public IPolicy Driving(RobotNaming robot) => new ActPolicy(this, _specs.Driving(robot));

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) => ActActors.Start(parent, this, host);

    // A copy, to be named.
    private ActPolicy(ActPolicy other, LeRobotSpecs specs)
    {
        (Directory, Info, Image, Pictures) = (other.Directory, other.Info, other.Image, other.Pictures);
        (_config, _images, _specs, Parameters) = (other._config, other._images, specs, other.Parameters);
    }

    private static ChunkExecution Execution(ActConfig config) =>
        config.EnsembleCoefficient is { } coefficient
            ? new ChunkExecution
            {
                Blend = ChunkBlend.Ensemble,
                EnsembleDecay = coefficient,
                EnsemblesWholeChunks = true,
            }
            : new ChunkExecution { Execute = config.ActionSteps };
}
