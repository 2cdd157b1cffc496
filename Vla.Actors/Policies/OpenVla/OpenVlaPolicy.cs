using Akka.Actor;
using Vla.Actors.Policies.OpenVla.Modules;
using Vla.Actors.Policies.Tokenizing;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.OpenVla;

/// <summary>OpenVLA as a policy, from its own checkpoint directory.</summary>
/// <remarks>
/// It gives single actions, motions of the end effector, and takes one camera. Which data set's
/// statistics bring its actions to the robot's units has to be chosen where there are several.
/// </remarks>
internal sealed class OpenVlaPolicy : IPolicy
{
    /// <summary>Data of five actions a second, as most of its training.</summary>
    private const double UsualStepMs = 200;

    /// <summary>Llama 2's lone space, which stood before each answer in training.</summary>
    private const int LoneSpace = 29_871;

    private const int LongestQuestion = 512;
    private static readonly string[] Names = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"];
    private static readonly string[] Units = ["m", "m", "m", "rad", "rad", "rad", "1"];

    private readonly PromptWords? _words;
    private readonly long _vocabulary;
    private readonly Precision _precision;

    private OpenVlaPolicy(OpenVlaCheckpoint checkpoint, PromptWords? words, string? key)
        : this(
            checkpoint.Directory,
            checkpoint.Config,
            words,
            checkpoint.Vocabulary,
            checkpoint.Parameters,
            checkpoint.Precision,
            key,
            UsualStepMs
        ) { }

    private OpenVlaPolicy(
        string directory,
        OpenVlaConfig config,
        PromptWords? words,
        long vocabulary,
        long? parameters,
        Precision precision,
        string? key,
        double stepMs
    )
    {
        (Directory, Config, _words, _vocabulary, Parameters) = (directory, config, words, vocabulary, parameters);
        (_precision, UnnormKey) = (precision, key);
        var count = Statistics.Dimensions;
        string[] names = count == Names.Length ? Names : [.. Enumerable.Range(1, count).Select(i => $"action_{i}")];
        string[] units = count == Names.Length ? Units : [.. names.Select(_ => "1")];
        Action = new ActionSpec(names, units, new float[count], [.. Enumerable.Repeat(1f, count)], Horizon: 1, stepMs);
        Info = PolicyInfo.Of(
            directory,
            $"OpenVLA: one picture of {config.Image.Width} x {config.Image.Height}, {count} tokens an action.",
            new Dictionary<string, string>
            {
                ["vision_backbone"] = string.Join("+", config.Towers.Select(tower => tower.Name)),
                ["language_model"] = "llama",
            }
        );
    }

    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    public static OpenVlaPolicy Load(string directory, Precision? precision = null)
    {
        WorkStep.Begin("reading the weights");
        using var checkpoint = OpenVlaCheckpoint.Open(directory, CPU, precision);
        // A large one is tried when it starts: reading it twice takes minutes.
        if (checkpoint.Parameters <= OpenVlaCheckpoint.SmallParameters)
            checkpoint.Try();
        return new OpenVlaPolicy(
            checkpoint,
            ReadTokenizer(directory, checkpoint),
            checkpoint.Config.Statistics.Count == 1 ? checkpoint.Config.Statistics.Keys.First() : null
        );
    }

    public string Directory { get; }

    public PolicyInfo Info { get; }

    /// <summary>Sizes, and what its actions mean.</summary>
    public OpenVlaConfig Config { get; }

    /// <summary>The data set by whose statistics actions become the robot's; null while that is open.</summary>
    public string? UnnormKey { get; }

    public ImageSpec Image => Config.Image;

    public IReadOnlyList<string> Pictures { get; } = [PictureNames.Unnamed];

    public ActionSpec Action { get; }

    public IReadOnlyList<PolicyStep> Steps => OpenVlaSteps.All;

    public long? Parameters { get; }

    public ActionRange? Range =>
        UnnormKey is null
            ? null
            : new ActionRange(
                [.. Ends(-1)],
                [.. Ends(1)],
                $"the 1st and the 99th of a hundred parts of the actions of {UnnormKey}"
            );

    public IReadOnlyList<string> Remarks =>
        [
            .. UnnormKey is null ? [$"a run needs a data set for its actions: {WhichKey}"] : Array.Empty<string>(),
            .. _words is null ? [$"a run needs its tokenizer: {Missing}"] : Array.Empty<string>(),
            .. UnnormKey is { } key
                ? [$"its actions are brought to the robot's units as those of {key}"]
                : Array.Empty<string>(),
            $"it computes in {(_precision == Precision.BFloat16 ? "bfloat16, as it is stored" : "float32")}",
        ];

    /// <summary>What brings actions to the robot's units; of the first data set while none is chosen.</summary>
    internal OpenVlaStatistics Statistics => Config.Statistics[UnnormKey ?? Config.Statistics.Keys.First()];

    private string WhichKey =>
        "give --unnorm-key (unnormKey), one of "
        + string.Join(", ", Config.Statistics.Keys.Order(StringComparer.Ordinal));

    private static string Missing => $"put {HubTokenizer.FileName} of the checkpoint's repository beside the weights";

    /// <summary>What it computes in.</summary>
    internal Precision Precision => _precision;

    public PrecisionInForce PrecisionOn(Device device) => new(_precision, "");

    public InstructionWords? ReadWords(string instruction) => _words?.Read(instruction);

    public IPolicy Choosing(PolicyChoices choices)
    {
        choices.RequireOnly(Directory, nameof(choices.UnnormKey));
        if (choices.UnnormKey is not { } key)
            return this;
        if (!Config.Statistics.ContainsKey(key))
            throw new PolicyException($"{Directory}: has no statistics of '{key}': {WhichKey}");
        return Copy(key, Action.StepMs);
    }

    /// <exception cref="PolicyException">It is open which data set counts, or there is no tokenizer.</exception>
    public IPolicy Driving(RobotNaming robot)
    {
        RequireWhole();
        return Copy(UnnormKey, robot.GivenStepMs ?? robot.StepMs ?? UsualStepMs);
    }

    public IActorRef Start(IActorRefFactory parent, PolicyHost host)
    {
        RequireWhole();
        return OpenVlaActors.Start(parent, this, host);
    }

    /// <summary>The token ids of the question that an instruction becomes.</summary>
    internal IReadOnlyList<long> Ask(string instruction)
    {
        var ids = _words!.Ids(instruction).Select(id => (long)id).ToList();
        if (ids[^1] != LoneSpace && LoneSpace < _vocabulary)
            ids.Add(LoneSpace);
        return ids;
    }

    /// <summary>An action in the robot's units.</summary>
    internal float[] Act(IReadOnlyList<long> tokens)
    {
        var actions = new OpenVlaActions(Config);
        return [.. tokens.Select((id, i) => (float)Statistics.Unnormalise(i, actions.Value(id)))];
    }

    private IEnumerable<float> Ends(double value) =>
        Enumerable
            .Range(0, Statistics.Dimensions)
            // What stays as it is, a gripper for one, has the ends of its bins: of those mostly 0 to 1 are used.
            .Select(i => Statistics.Mask[i] ? (float)Statistics.Unnormalise(i, value) : (float)Math.Max(0, value));

    private OpenVlaPolicy Copy(string? key, double stepMs) =>
        new(Directory, Config, _words, _vocabulary, Parameters, _precision, key, stepMs);

    private void RequireWhole()
    {
        if (UnnormKey is null)
            throw new PolicyException(
                $"{Directory}: was trained on {Config.Statistics.Count} data sets, and it is open by which its actions "
                    + $"become the robot's: {WhichKey}"
            );
        if (_words is null)
            throw new PolicyException($"{Directory}: has no tokenizer: {Missing}");
    }

    private static PromptWords? ReadTokenizer(string directory, OpenVlaCheckpoint checkpoint)
    {
        var file = Path.Combine(directory, HubTokenizer.FileName);
        if (!File.Exists(file))
            return null;
        var isFirst = checkpoint.Config.IsFirstVersion;
        return PromptWords.Read(
            file,
            checkpoint.Vocabulary,
            instruction => Prompt(instruction, isFirst),
            LongestQuestion
        );
    }

    // The very words of its training; the instruction in small letters and without a full stop, as there.
    private static string Prompt(string instruction, bool isFirst)
    {
        var what = instruction.Trim().TrimEnd('.').ToLowerInvariant();
        return isFirst
            ? "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
                + "detailed, and polite answers to the user's questions. USER: What action should the robot take to "
                + $"{what}? ASSISTANT:"
            : $"In: What action should the robot take to {what}?\nOut:";
    }
}
