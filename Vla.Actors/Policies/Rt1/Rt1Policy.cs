using System.Globalization;
using Akka.Actor;
using Vla.Actors.Chunks;
using Vla.Actors.Policies.Rt1.Modules;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Rt1;

/// <summary>
/// RT-1 as a policy: <c>config.json</c>, <c>model.safetensors</c> and the vectors of its instructions.
/// </summary>
/// <remarks>
/// It gives single actions, a few in a second, from the last few pictures of one camera; a new instruction begins with
/// none.
/// </remarks>
internal sealed class Rt1Policy : IPolicy
{
    /// <summary>It was trained on actions three times a second.</summary>
    private const double UsualStepMs = 1_000 / 3.0;

    private readonly ISentenceEncoder _encoder;

    private Rt1Policy(
        string directory,
        Rt1Config config,
        ISentenceEncoder encoder,
        long parameters,
        Rt1ActionLayout layout,
        double stepMs,
        IReadOnlyList<string> remarks
    )
    {
        (Directory, Config, _encoder, Parameters, Layout) = (directory, config, encoder, parameters, layout);
        Remarks = remarks;
        Image = new ImageSpec(config.ImageSize, config.ImageSize, config.Mean, config.Std)
        {
            Sampling = ImageSampling.Linear,
        };
        var count = layout.Names.Count;
        Action = new ActionSpec(
            layout.Names,
            layout.Units,
            new float[count],
            [.. Enumerable.Repeat(1f, count)],
            Horizon: 1,
            stepMs
        )
        {
            // The next when this one's time is over: its past pictures lie as far apart as in training.
            Execution = new ChunkExecution { Execute = 1 },
        };
        Info = PolicyInfo.Of(
            directory,
            $"RT-1: one picture of {config.ImageSize} x {config.ImageSize}, the last {config.Frames} of them, "
                + $"{config.ActionTokens} tokens an action.",
            new Dictionary<string, string>
            {
                ["image_tokenizer"] = "film_efficientnet",
                ["transformer"] = Rt1Config.Type,
            }
        );
    }

    /// <param name="directory">The policy's.</param>
    /// <param name="encoderOf">Makes vectors of instructions.</param>
    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    public static Rt1Policy Load(string directory, Func<Rt1Config, ISentenceEncoder> encoderOf)
    {
        WorkStep.Begin("reading the weights");
        using var checkpoint = Rt1Checkpoint.Load(directory, CPU);
        var encoder = encoderOf(checkpoint.Config);
        if (encoder.Size != checkpoint.Config.ContextSize)
            throw new PolicyException(
                $"{directory}: takes vectors of {checkpoint.Config.ContextSize} numbers for its instructions "
                    + $"(context_size), and the encoder gives {encoder.Size}"
            );
        return new Rt1Policy(
            directory,
            checkpoint.Config,
            encoder,
            checkpoint.Parameters,
            Rt1ActionLayout.Whole(checkpoint.Config),
            checkpoint.Config.StepMs ?? UsualStepMs,
            encoder is InstructionTable { IsEmpty: true } table ? [table.WhyNot("")] : []
        );
    }

    public string Directory { get; }

    public PolicyInfo Info { get; }

    /// <summary>Sizes, and what its action tokens mean.</summary>
    public Rt1Config Config { get; }

    public ImageSpec Image { get; }

    public IReadOnlyList<string> Pictures { get; } = [PictureNames.Unnamed];

    public ActionSpec Action { get; }

    public IReadOnlyList<PolicyStep> Steps => Rt1Steps.All;

    public long? Parameters { get; }

    public ActionRange? Range => Layout.Range(Config);

    public IReadOnlyList<string> Remarks { get; }

    /// <summary>Which of its numbers the robot gets.</summary>
    internal Rt1ActionLayout Layout { get; }

    public PrecisionInForce PrecisionOn(Device device) => new(Precision.Float32, "");

    public InstructionWords? ReadWords(string instruction)
    {
        var isKnown = _encoder.Encode(instruction) is not null;
        return new InstructionWords(instruction, [], isKnown ? 1 : 0, [], int.MaxValue, instruction.Length)
        {
            WhyNone = isKnown ? null : _encoder.WhyNot(instruction),
        };
    }

    public IPolicy Driving(RobotNaming robot)
    {
        var layout = Rt1ActionLayout.For(Config, robot);
        var stepMs = robot.GivenStepMs ?? Config.StepMs ?? UsualStepMs;
        return new Rt1Policy(
            Directory,
            Config,
            _encoder,
            Parameters!.Value,
            layout,
            stepMs,
            [
                .. layout.Remarks,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it decides every {stepMs:0} ms: give --max-age, the oldest picture of an action, so much and some"
                ) + " more, or the robot holds in between",
            ]
        );
    }

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) => Rt1Actors.Start(parent, this, host);

    /// <summary>The vector of an instruction.</summary>
    /// <exception cref="PolicyException">There is none.</exception>
    internal float[] Encode(string instruction) =>
        _encoder.Encode(instruction) ?? throw new PolicyException(_encoder.WhyNot(instruction));
}
