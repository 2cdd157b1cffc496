using Akka.Actor;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Actors.Policies.Staged.Kernels;
using Vla.Actors.Policies.Staged.Vision;
using Vla.Sensors.Images;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>A policy directory: four stages, a tokenizer, the picture it wants and what its actions mean.</summary>
/// <remarks>
/// Loading reads and checks everything but keeps no weights: each stage is made by its <c>Create…</c> method, on the
/// thread that will run it, as often as that thread is started anew. The directory holds <c>config.json</c>,
/// <c>vocab.txt</c> and <c>model.safetensors</c>, whose names begin with <c>vision_encoder.</c>,
/// <c>language_encoder.</c>, <c>fusion.</c> and <c>action_decoder.</c>; a TorchScript stage has its own file instead.
/// </remarks>
internal sealed class StagedPolicy : IBatchedPolicy
{
    public const string ConfigFile = PolicyKind.ConfigFile;
    public const string WeightsFile = PolicyKind.WeightsFile;
    public const string VocabularyFile = "vocab.txt";

    private readonly PolicyConfig _config;
    private readonly InstructionTokenizer? _tokenizer;
    private PolicyModules? _modules;
    private Func<string, long[]>? _tokenize;

    private StagedPolicy(string directory, Precision? precision)
    {
        Directory = directory;
        var kind = PolicyKind.Of(directory);
        var family = new StagedFamily();
        if (!family.Takes(kind))
            throw new PolicyException(
                $"{directory}: is {PolicyFamilies.Describe(kind)}; this takes {family.Name} only"
            );
        var file = Path.Combine(directory, ConfigFile);
        _config = PolicyConfig.Read(file);
        Precision = precision ?? _config.Precision;
        WorkStep.Begin($"reading {VocabularyFile}");
        _tokenizer = InstructionTokenizer.Load(
            Path.Combine(directory, VocabularyFile),
            _config.SequenceLength,
            _config.Padding
        );
    }

    private StagedPolicy(string name, PolicyConfig config) =>
        (Directory, _config, Precision) = (name, config, config.Precision);

    /// <summary>
    /// A policy made in code, without a directory: four modules, and what goes in and comes out of them.
    /// </summary>
    /// <param name="name">Stands where others name their directory.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="image">The pictures it wants.</param>
    /// <param name="action">What its actions mean.</param>
    /// <param name="modules">What its stages run.</param>
    /// <param name="tokenize">What its language encoder is given for an instruction; a single 0, whatever is said, when
    /// left out.</param>
    public static StagedPolicy InCode(
        string name,
        string description,
        ImageSpec image,
        ActionSpec action,
        PolicyModules modules,
        Func<string, long[]>? tokenize = null
    )
    {
        const string type = "code";
        var info = new PolicyInfo
        {
            Name = name,
            Description = description,
            Trained = null,
            Note = "",
            StageTypes = new[]
            {
                PolicyConfig.VisionKey,
                PolicyConfig.LanguageKey,
                PolicyConfig.FusionKey,
                PolicyConfig.DecoderKey,
            }.ToDictionary(key => key, _ => type),
        };
        var policy = new StagedPolicy(
            name,
            new PolicyConfig(
                info,
                new PolicyStage<Module<Tensor, Tensor>>(type, HasOwnWeights: true, _ => modules.Vision()),
                new PolicyStage<Module<Tensor, Tensor>>(type, HasOwnWeights: true, _ => modules.Language()),
                new PolicyStage<Module<Tensor, Tensor, Tensor>>(type, HasOwnWeights: true, _ => modules.Fusion()),
                new PolicyStage<Module<Tensor, Tensor>>(type, HasOwnWeights: true, _ => modules.Decoder()),
                image,
                SequenceLength: 1,
                PaddingSide.Right,
                StateSpec.None,
                action,
                Precision.Float32
            )
            {
                Pictures = null,
            }
        );
        policy._tokenize = tokenize;
        return policy;
    }

    /// <param name="directory">The policy directory.</param>
    /// <param name="precision">In place of what <c>config.json</c> says.</param>
    /// <exception cref="PolicyException">Something is missing, malformed or does not fit together.</exception>
    public static StagedPolicy Load(string directory, Precision? precision = null)
    {
        var policy = new StagedPolicy(directory, precision);
        WorkStep.Begin("reading the weights");
        var weights = new StagedWeights(directory, policy._config);
        weights.Check();
        policy.Untrained = weights.FindUntrained();
        policy.Shapes = PolicyTrial.Run(directory, policy._config, policy._tokenizer!);
        return policy;
    }

    public string Directory { get; }

    /// <summary>What the stages hand on; null for a policy in code.</summary>
    internal TrialShapes? Shapes { get; private set; }

    public PolicyInfo Info => _config.Info;

    /// <summary>
    /// How it is known that the policy is not trained, so that its actions mean nothing; null where nothing says so.
    /// </summary>
    public string? Untrained { get; private set; }

    /// <summary>What the vision encoder is to compute in.</summary>
    public Precision Precision { get; }

    /// <summary>What it computes in on a device.</summary>
    public PrecisionInForce PrecisionOn(Device device) => PrecisionInForce.On(device, Precision);

    public ImageSpec Image => _config.Image;

    /// <summary>Channels of what the vision encoder is given: three for each picture.</summary>
    public int Channels => _config.Channels;

    /// <summary>
    /// What the pictures are called that it wants, in its order; null for a policy that takes whatever there is.
    /// </summary>
    public IReadOnlyList<string>? Pictures => _config.Pictures;

    /// <summary>
    /// What the fusion wants to know of the robot's own state; <see cref="StateSpec.None"/> for nothing.
    /// </summary>
    public StateSpec State => _config.State;

    public ActionSpec Action => _config.Action;

    /// <summary>Token ids in an instruction.</summary>
    public int SequenceLength => _config.SequenceLength;

    /// <summary>Token ids go from 0 to one less than this.</summary>
    public int VocabularySize => _tokenizer?.VocabularySize ?? 1;

    /// <summary>
    /// What the policy's vocabulary makes of an instruction; null for a policy in code, which reads no words.
    /// </summary>
    public InstructionWords? ReadWords(string instruction) => _tokenizer?.Read(instruction);

    /// <summary>Text → token ids [1, sequence length], int64, on the CPU; owned by the caller.</summary>
    /// <exception cref="PolicyException">The text is too long for the policy.</exception>
    public Tensor Tokenize(string instruction)
    {
        var ids = _tokenizer?.Encode(instruction) ?? _tokenize?.Invoke(instruction) ?? new long[SequenceLength];
        return tensor(ids, [1, ids.Length], dtype: int64);
    }

    /// <summary>
    /// [batch, 3, height, width], or [batch, cameras × 3, height, width] → vision features; in evaluation mode, on
    /// <paramref name="device"/>.
    /// </summary>
    /// <remarks>
    /// Float32 in and out, whatever the precision. Only this stage has one: the others are a hundredth of the work, or
    /// run once for an instruction, and lose more by converting than they gain.
    /// </remarks>
    public Module<Tensor, Tensor> CreateVisionEncoder(Device device)
    {
        var encoder = Create(_config.Vision, PolicyConfig.VisionKey, device);
        var precision = PrecisionOn(device).Precision;
        if (precision != Precision.Float32)
        {
            var inPrecision = new InPrecision(encoder, PrecisionInForce.ToTorch(precision));
            // Float16 ends at 65,504: a weight beyond it would be infinite from here on.
            foreach (var (name, weights) in encoder.state_dict())
                FiniteWeights.CheckConverted(
                    _config.Vision.HasOwnWeights ? Directory : WeightsPath,
                    $"{PolicyConfig.VisionKey}.{name}",
                    weights
                );
            return inPrecision;
        }

        if (device.type != DeviceType.CPU || !FusedVisionEncoder.IsSupported)
            return encoder;
        return encoder switch
        {
            VisionEncoder plain => new FusedVisionEncoder(plain, get_num_threads()),
            SeveralPictures { Encoder: VisionEncoder plain } several => several.With(
                new FusedVisionEncoder(plain, get_num_threads())
            ),
            _ => encoder,
        };
    }

    /// <summary>[batch, sequence] int64 → language features.</summary>
    public Module<Tensor, Tensor> CreateLanguageEncoder(Device device) =>
        Create(_config.Language, PolicyConfig.LanguageKey, device);

    /// <summary>
    /// vision features, language features → fused features; a <see cref="Fusion.StateFusion"/> takes robot state as
    /// well.
    /// </summary>
    public Module<Tensor, Tensor, Tensor> CreateFusion(Device device) =>
        Create(_config.Fusion, PolicyConfig.FusionKey, device);

    /// <summary>fused features → normalised actions, [batch, dimensions] or [batch, horizon, dimensions].</summary>
    public Module<Tensor, Tensor> CreateActionDecoder(Device device) =>
        Create(_config.Decoder, PolicyConfig.DecoderKey, device);

    /// <summary>
    /// The same policy with other modules in its stages: stand-ins, or its own with something around them.
    /// </summary>
    public StagedPolicy With(PolicyModules modules)
    {
        var copy = (StagedPolicy)MemberwiseClone();
        copy._modules = modules;
        return copy;
    }

    public IReadOnlyList<PolicyStep> Steps => StagedSteps.All;

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
        StagedActors.Start(parent, this, _modules ?? PolicyModules.Of(this, host.Device), host);

    /// <summary>Vla's own stages take any number of rows; somebody else's, and exported ones, may take one.</summary>
    public bool CanBatch =>
        _modules is null
        && IsOwn(_config.Vision)
        && IsOwn(_config.Language)
        && IsOwn(_config.Fusion)
        && IsOwn(_config.Decoder);

    public Props Together(PolicyHost host, int largest) =>
        StagedBatchActor.Props(
            host.Setup(StagedSteps.Encode, host.Threads.Vision),
            this,
            _modules ?? PolicyModules.Of(this, host.Device),
            host.Device,
            largest
        );

    private static bool IsOwn<TModule>(PolicyStage<TModule> stage)
        where TModule : Module => stage is { IsAdded: false, HasOwnWeights: false };

    /// <summary>All four stages as one module, to look at or to try.</summary>
    public SimpleVLA CreateModel(Device device)
    {
        var model = new SimpleVLA(
            CreateVisionEncoder(device),
            CreateLanguageEncoder(device),
            CreateFusion(device),
            CreateActionDecoder(device)
        );
        model.eval();
        return model;
    }

    private string WeightsPath => Path.Combine(Directory, WeightsFile);

    private TModule Create<TModule>(PolicyStage<TModule> stage, string key, Device device)
        where TModule : Module
    {
        WorkStep.Begin($"making {key} ({stage.Type})");
        var module = stage.Create(device);
        try
        {
            if (!stage.HasOwnWeights)
            {
                using var checkpoint = RenamedCheckpoint.Open(WeightsPath, PolicyConfig.StageKeys);
                StateDict.Load(module, checkpoint, $"{key}.");
            }
            module.eval();
            return module.to(device);
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }
}
