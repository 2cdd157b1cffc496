using Akka.Actor;
using Vla.Actors.Chunks;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Actors.Policies.Tokenizing;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla;

/// <summary>
/// LeRobot's SmolVLA as a policy, from its own checkpoint directory and the tokenizer of the vision-language model that
/// it was made from.
/// </summary>
/// <remarks>
/// Nothing is converted, nothing downloaded, nothing executed. Names, units and the time of a step are found as for an
/// ACT (<see cref="LeRobotSpecs"/>). Chunks begin with chance, which a seed repeats.
/// </remarks>
internal sealed class SmolVlaPolicy : IPolicy
{
    private static readonly float[] Half = [0.5f, 0.5f, 0.5f];

    private readonly LeRobotSpecs _specs;
    private readonly Dictionary<string, ImageSpec> _images;
    private readonly PromptWords? _words;
    private readonly string _model;

    private SmolVlaPolicy(string directory, SmolVlaCheckpoint checkpoint)
    {
        (Directory, Config, Parameters) = (directory, checkpoint.Config, checkpoint.Parameters);
        var (config, processors) = (checkpoint.Config, checkpoint.Processors);
        var cameras = LeRobotPictures.Of(directory, config.RealCameras, processors);
        Pictures = [.. cameras.Keys];
        _images = cameras.ToDictionary(
            one => one.Key,
            one => new ImageSpec(config.Picture.Height, config.Picture.Width, Half, Half)
            {
                Fit = ImageFit.Pad,
                Sampling = ImageSampling.Linear,
                Source = one.Value.Source,
            }
        );
        _model = processors.Words?.Name ?? config.BackboneName;
        _words = ReadTokenizer(directory, checkpoint);
        Chunking = config.Chunking;
        _specs = LeRobotSpecs.Of(directory, config.Features, config.ChunkSize, Execution(), processors);
        Info = PolicyInfo.Of(
            directory,
            $"LeRobot's SmolVLA: {_images.Count} pictures, {State.Dimensions} numbers of state, chunks of "
                + $"{config.ChunkSize} actions.",
            new Dictionary<string, string>
            {
                ["vision_tower"] = "siglip",
                ["language_model"] = "llama",
                ["action_expert"] = SmolVlaConfig.Type,
            }
        );
    }

    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    public static SmolVlaPolicy Load(string directory)
    {
        WorkStep.Begin("reading the weights");
        using var checkpoint = SmolVlaCheckpoint.Load(directory, CPU);
        return new SmolVlaPolicy(directory, checkpoint);
    }

    public string Directory { get; }

    public PolicyInfo Info { get; }

    /// <summary>Sizes, and how chunks are carried out.</summary>
    public SmolVlaConfig Config { get; }

    public ImageSpec Image => _images[Pictures[0]];

    public IReadOnlyList<string> Pictures { get; }

    public StateSpec State => _specs.State;

    public ActionSpec Action => _specs.Action;

    public IReadOnlyList<PolicyStep> Steps => SmolSteps.All;

    public bool StepIsKnown => _specs.StepIsKnown;

    public long? Parameters { get; }

    public ActionRange? Range => _specs.Range;

    public IReadOnlyList<string> Remarks =>
        [
            .. _specs.Remarks,
            .. _words is null ? [$"a run needs its tokenizer: {Missing}"] : Array.Empty<string>(),
            .. Chunking.IsEnabled
                ? [$"each chunk goes on from the one before it, {Chunking.Horizon} actions far at most"]
                : Array.Empty<string>(),
        ];

    /// <summary>What the chance of its chunks begins with.</summary>
    public long Seed { get; private init; }

    /// <summary>How a chunk goes on from the one before it.</summary>
    public RealTimeChunking Chunking { get; private init; }

    /// <summary>What the numbers are that it takes and gives.</summary>
    internal LeRobotSpecs Specs => _specs;

    private string Missing =>
        $"put {HubTokenizer.FileName} of {_model} beside the weights (or into tokenizer/ or vlm/ there)";

    public ImageSpec ImageOf(string picture) => _images.TryGetValue(picture, out var spec) ? spec : Image;

    public PrecisionInForce PrecisionOn(Device device) => new(Precision.Float32, "");

    public InstructionWords? ReadWords(string instruction) => _words?.Read(instruction);

    public IPolicy Choosing(PolicyChoices choices)
    {
        choices.RequireOnly(Directory, nameof(choices.Seed), nameof(choices.RealTimeChunking));
        return new SmolVlaPolicy(this, _specs)
        {
            Seed = choices.Seed ?? Seed,
            Chunking = Chunking with { IsEnabled = choices.RealTimeChunking ?? Chunking.IsEnabled },
        };
    }

    /// <exception cref="PolicyException">There is no tokenizer, the robot has another number of values, or nobody says
    /// how long a step is.</exception>
    public IPolicy Driving(RobotNaming robot)
    {
        RequireWords();
        return new SmolVlaPolicy(this, _specs.CarriedOut(Execution()).Driving(robot))
        {
            Seed = Seed,
            Chunking = Chunking,
        };
    }

    public IActorRef Start(IActorRefFactory parent, PolicyHost host)
    {
        RequireWords();
        return SmolVlaActors.Start(parent, this, host);
    }

    /// <summary>The token ids of an instruction, [1, length].</summary>
    internal Tensor Tokenize(string instruction)
    {
        var ids = _words!.Ids(instruction);
        return tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Count]);
    }

    // A copy, to be named or chosen.
    private SmolVlaPolicy(SmolVlaPolicy other, LeRobotSpecs specs)
    {
        (Directory, Info, Config, Pictures) = (other.Directory, other.Info, other.Config, other.Pictures);
        (_images, _words, _model, _specs) = (other._images, other._words, other._model, specs);
        (Parameters, Seed, Chunking) = (other.Parameters, other.Seed, other.Chunking);
    }

    private void RequireWords()
    {
        if (_words is null)
            throw new PolicyException($"{Directory}: has no tokenizer: {Missing}");
    }

    // What is to be gone on from must still be there when the next chunk comes.
    private ChunkExecution Execution() =>
        new()
        {
            Execute = Chunking.IsEnabled
                ? Math.Max(1, Math.Min(Config.ActionSteps, Config.ChunkSize - Chunking.Horizon))
                : Config.ActionSteps,
        };

    private static PromptWords? ReadTokenizer(string directory, SmolVlaCheckpoint checkpoint)
    {
        var words = checkpoint.Processors.Words;
        string?[] folders =
        [
            words?.Folder,
            Path.Combine(directory, "tokenizer"),
            directory,
            Path.Combine(directory, "vlm"),
        ];
        var file = folders
            .OfType<string>()
            .Select(folder => Path.Combine(folder, HubTokenizer.FileName))
            .FirstOrDefault(File.Exists);
        if (file is null)
            return null;
        // As LeRobot does: an instruction ends its line.
        return PromptWords.Read(
            file,
            checkpoint.Vocabulary,
            instruction => instruction.EndsWith('\n') ? instruction : $"{instruction}\n",
            words?.MaximumLength ?? checkpoint.Config.LongestText
        );
    }
}
