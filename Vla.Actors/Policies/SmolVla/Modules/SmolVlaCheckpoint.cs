using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>
/// SmolVLA ("SmolVLA: A Vision-Language-Action Model for Affordable and Efficient Robotics", arXiv:2506.01844) from
/// LeRobot's own checkpoint directory: pictures, token ids and state in, a chunk of actions out.
/// </summary>
/// <remarks>
/// Nothing is converted, nothing downloaded, nothing executed. Weights that are stored in bfloat16 are widened:
/// everything is computed in float32.
/// </remarks>
internal sealed class SmolVlaCheckpoint : IDisposable
{
    private const string Model = "model";
    private const string Backbone = "vlm_with_expert.vlm.model";
    private const string Expert = "vlm_with_expert.lm_expert";

    private static readonly string[] StepsOfWords = ["smolvla_new_line_processor", "tokenizer_processor"];

    private readonly LeRobotProcessors _processors;
    private readonly ModelWeights _weights;
    private readonly ModelWeights _model;
    private readonly SmolVision _vision;
    private readonly SmolText _text;
    private readonly SmolFlow _flow;
    private readonly SmolVlmSizes _sizes;
    private readonly Device _device;

    private SmolVlaCheckpoint(
        string directory,
        SmolVlaConfig config,
        SmolVlmSizes sizes,
        LeRobotProcessors processors,
        ModelWeights weights,
        Device device
    )
    {
        (Directory, Config, _processors, _weights, _device) = (directory, config, processors, weights, device);
        _sizes = sizes;
        _model = weights.At(Model);
        _vision = new SmolVision(_model.At(Backbone), sizes);
        _text = new SmolText(_model.At(Backbone), sizes, config.TextLayers);
        _flow = new SmolFlow(new SmolExpert(_model, _model.At(Expert), sizes, config), config);
    }

    public string Directory { get; }

    public SmolVlaConfig Config { get; }

    /// <summary>Numbers that were learned and are used.</summary>
    public long Parameters => _weights.Count;

    /// <summary>Token ids go from 0 to one less than this.</summary>
    public long Vocabulary => _text.Vocabulary;

    /// <summary>The processors: how state and actions are scaled.</summary>
    public LeRobotProcessors Processors => _processors;

    /// <summary>Reads and tries all of it.</summary>
    /// <exception cref="PolicyException">Something is missing, damaged or does not fit.</exception>
    public static SmolVlaCheckpoint Load(string directory, Device device)
    {
        var opened = Open(directory, device);
        try
        {
            WeightsTrial.Run(directory, opened.Try);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Opens it for whoever uses a part of it: weights are read when they are first needed.</summary>
    /// <exception cref="PolicyException">Something is missing or damaged.</exception>
    internal static SmolVlaCheckpoint Open(string directory, Device device)
    {
        var config = SmolVlaConfig.Read(Path.Combine(directory, PolicyKind.ConfigFile));
        var sizes = SmolVlmSizes.Read(directory, config.BackboneName);
        var checkpoint = SafetensorsCheckpoint.Open(Path.Combine(directory, PolicyKind.WeightsFile));
        var weights = new ModelWeights(checkpoint, device);
        LeRobotProcessors? processors = null;
        try
        {
            processors = LeRobotProcessors.Read(directory, config.Features, checkpoint, device, StepsOfWords);
            if (config.Features.Cameras.FirstOrDefault(camera => processors.ScaleOf(camera) is not null) is { } scaled)
                throw new PolicyException(
                    $"{directory}: {scaled.Key} is scaled before the model (normalization_mapping VISUAL); a SmolVLA's "
                        + "pictures are taken as they are (IDENTITY)"
                );
            return new SmolVlaCheckpoint(directory, config, sizes, processors, weights, device);
        }
        catch
        {
            processors?.Dispose();
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The normalised chunk for an observation.</summary>
    /// <param name="input">What is seen, said and felt.</param>
    /// <param name="noise">[batch, chunk, action size], the chance that the chunk begins with.</param>
    /// <param name="seen">Is told every step's result by name; null when nobody looks.</param>
    /// <returns>[batch, chunk, dimensions].</returns>
    /// <exception cref="PolicyException">An input is missing or has another shape.</exception>
    public Tensor Predict(SmolVlaInput input, Tensor noise, Action<string, Tensor>? seen = null)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        return _flow.Plain(Prefix(input, seen), noise.to(_device), seen).MoveToOuterDisposeScope();
    }

    /// <summary>A picture's tokens.</summary>
    /// <param name="picture">[1, 3, height, width], −1 to 1, of the size of
    /// <see cref="SmolVlaConfig.Picture"/>.</param>
    /// <returns>[1, count, width of the language model], scaled as words are.</returns>
    internal Tensor Look(Tensor picture)
    {
        using var scope = NewDisposeScope();
        using Scalar scale = Math.Sqrt(_text.Width);
        return (_vision.Look(picture, seen: null) * scale).MoveToOuterDisposeScope();
    }

    /// <summary>The words' tokens, scaled as <see cref="Read"/> takes them.</summary>
    /// <param name="ids">[1, length], int64.</param>
    internal Tensor Embed(Tensor ids)
    {
        CheckTokens(ids);
        return _text.Embed(ids);
    }

    /// <summary>What the language model keeps of pictures and words, which see each other.</summary>
    /// <param name="tokens">[1, length, width].</param>
    internal SmolPrefix Read(Tensor tokens)
    {
        var isReal = ones([tokens.shape[0], tokens.shape[1]], dtype: ScalarType.Bool, device: tokens.device);
        return _text.Read(tokens, isReal, zeros_like(isReal), seen: null);
    }

    /// <summary>The same with the robot's state behind it.</summary>
    /// <param name="prefix">Of pictures and words.</param>
    /// <param name="state">[1, count], normalised.</param>
    internal SmolPrefix Feel(SmolPrefix prefix, Tensor state) => _text.Append(prefix, Felt(state, seen: null));

    /// <summary>The normalised chunk that comes of what was read.</summary>
    /// <param name="prefix">With the state.</param>
    /// <param name="noise">[1, chunk, action size].</param>
    /// <param name="guide">What it has to go on from; null for nothing.</param>
    /// <returns>[1, chunk, dimensions].</returns>
    internal Tensor Plan(SmolPrefix prefix, Tensor noise, ChunkGuide? guide = null) =>
        guide is null ? _flow.Plain(prefix, noise, seen: null) : _flow.Guided(prefix, noise, guide);

    /// <summary>Loads and tries the action expert alone.</summary>
    /// <param name="isGuided">As chunks that go on from each other are made.</param>
    internal void WarmUpExpert(bool isGuided)
    {
        using var scope = NewDisposeScope();
        var (heads, size) = (_sizes.KeyHeads, _sizes.HeadSize);
        var kept = Enumerable.Range(0, Config.TextLayers).Select(_ => zeros([1, 1, heads, size], device: _device));
        Tensor[] keys = [.. kept];
        var prefix = new SmolPrefix(keys, keys, ones([1, 1], dtype: ScalarType.Bool, device: _device));
        var noise = zeros([1, Config.ChunkSize, Config.ActionSize], device: _device);
        var count = Config.Features.Action.Count;
        Plan(prefix, noise, isGuided ? new ChunkGuide([], count, Config.ChunkSize, 0, Config.Chunking) : null);
    }

    /// <summary>Normalised actions [batch, count, dimensions] in the robot's units.</summary>
    public Tensor Unnormalise(Tensor actions) => _processors.Unnormalise(actions);

    public void Dispose()
    {
        _processors.Dispose();
        _weights.Dispose();
    }

    private SmolPrefix Prefix(SmolVlaInput input, Action<string, Tensor>? seen)
    {
        using Scalar scale = Math.Sqrt(_text.Width);
        var pictures = Pictures(input, seen);
        var tokens = new List<Tensor>();
        var real = new List<Tensor>();
        var connected = new List<Tensor>();
        foreach (var (picture, isThere) in pictures)
        {
            var map = _vision.Look(picture, seen is null || connected.Count > 0 ? null : seen);
            connected.Add(map.unsqueeze(1));
            tokens.Add(map * scale);
            real.Add(
                isThere
                    ? ones([map.shape[0], map.shape[1]], dtype: ScalarType.Bool, device: _device)
                    : zeros([map.shape[0], map.shape[1]], dtype: ScalarType.Bool, device: _device)
            );
        }

        seen?.Invoke("connector", cat(connected, 1));
        seen?.Invoke("image_masks", tensor([.. pictures.Select(picture => picture.IsThere)]).unsqueeze(0));
        var ids = input.Tokens.to(_device);
        CheckTokens(ids);
        var words = _text.Embed(ids);
        seen?.Invoke("language_embedding_scaled", words);
        tokens.Add(words);
        real.Add(input.IsToken.to(_device).to(ScalarType.Bool));
        var state = State(input.State, seen);
        tokens.Add(state);
        real.Add(ones([state.shape[0], 1], dtype: ScalarType.Bool, device: _device));
        var all = cat(tokens, 1);
        var isReal = cat(real, 1);
        // Pictures and words are one block; the state sees them, and they do not see it.
        var blocks = zeros(isReal.shape, dtype: ScalarType.Bool, device: _device);
        blocks.narrow(1, isReal.shape[1] - 1, 1).logical_not_();
        seen?.Invoke("prefix.embeddings", all);
        seen?.Invoke("prefix.pad_mask", isReal);
        seen?.Invoke("prefix.attention_blocks", blocks);
        return _text.Read(all, isReal, blocks, seen);
    }

    /// <summary>
    /// Cameras that are there come first; of the others as many as may be missing are pictures of nothing.
    /// </summary>
    private List<(Tensor Picture, bool IsThere)> Pictures(SmolVlaInput input, Action<string, Tensor>? seen)
    {
        var there = new List<(Tensor Picture, bool IsThere)>();
        foreach (var camera in Config.Features.Cameras)
        {
            var name = _processors.NameOf(camera);
            if (!input.Pictures.TryGetValue(name, out var bytes))
                continue;
            if (bytes.dtype != ScalarType.Byte || bytes.dim() != 4 || bytes.shape[3] != 3)
                throw new PolicyException(
                    $"{Directory}: {name} is {CheckpointShape.Text(bytes.shape)} {bytes.dtype}, wanted are bytes "
                        + "[batch, height, width, 3]"
                );
            var picture = SmolVision.Prepare(bytes.to(_device), Config.Picture);
            seen?.Invoke($"prepared.{name[(name.LastIndexOf('.') + 1)..]}", picture);
            there.Add((picture, true));
        }

        if (there.Count == 0)
            throw new PolicyException(
                $"{Directory}: wants {string.Join(", ", Config.Features.Cameras.Select(_processors.NameOf))}, and "
                    + $"there are {string.Join(", ", input.Pictures.Keys.DefaultIfEmpty("none"))}"
            );
        var missing = Math.Min(
            Config.Features.Cameras.Count() + input.MoreEmptyCameras - there.Count,
            Config.EmptyCameras + input.MoreEmptyCameras
        );
        for (var i = 0; i < missing; i++)
            there.Add((full_like(there[0].Picture, Scalars.MinusOne), false));
        return there;
    }

    private Tensor State(Tensor raw, Action<string, Tensor>? seen)
    {
        var feature = Config.Features.State!;
        if (raw.dim() != 2 || raw.shape[1] != feature.Count)
            throw new PolicyException(
                $"{Directory}: {feature.Key} is {CheckpointShape.Text(raw.shape)}, wanted is [batch, {feature.Count}]"
            );
        var normalised = _processors.Normalise(feature.Key, raw.to(_device).to(ScalarType.Float32));
        seen?.Invoke("state_normalized", normalised);
        return Felt(normalised, seen);
    }

    private Tensor Felt(Tensor normalised, Action<string, Tensor>? seen)
    {
        var padded = nn.functional.pad(normalised, [0, Config.StateSize - normalised.shape[1]]);
        var token = _model.Linear("state_proj", padded, hasBias: true);
        seen?.Invoke("state_padded", padded);
        seen?.Invoke("state_embedding", token);
        return token.unsqueeze(1);
    }

    private void CheckTokens(Tensor ids)
    {
        var (lowest, highest) = (ids.min().item<long>(), ids.max().item<long>());
        if (lowest < 0 || highest >= Vocabulary)
            throw new PolicyException(
                $"{Directory}: token ids go from {lowest} to {highest}, allowed is 0 to {Vocabulary - 1}"
            );
    }

    // A pattern through everything, so that what does not fit is found before a robot waits for it.
    private void Try()
    {
        using var scope = NewDisposeScope();
        var pictures = Config.Features.Cameras.ToDictionary(
            _processors.NameOf,
            camera => zeros([1, camera.Shape[1], camera.Shape[2], 3], dtype: uint8)
        );
        var input = new SmolVlaInput
        {
            Pictures = pictures,
            Tokens = zeros([1, 1], dtype: int64),
            IsToken = ones([1, 1], dtype: ScalarType.Bool),
            State = zeros([1, Config.Features.State!.Count]),
        };
        var chunk = Predict(input, zeros([1, Config.ChunkSize, Config.ActionSize]));
        WeightsTrial.RequireFinite(Directory, chunk);
    }
}
