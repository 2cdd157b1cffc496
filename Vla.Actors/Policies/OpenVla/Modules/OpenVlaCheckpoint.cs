using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using Vla.Sensors.Images;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>
/// OpenVLA ("OpenVLA: An Open-Source Vision-Language-Action Model", arXiv:2406.09246) from its own checkpoint
/// directory: a picture and token ids in, the token ids of an action out.
/// </summary>
/// <remarks>
/// Nothing is converted, nothing downloaded, nothing executed. Weights are read tensor by tensor, straight into the
/// memory that they are used in; where they are used as they are stored, nothing but the largest of them is held twice.
/// </remarks>
internal sealed class OpenVlaCheckpoint : IDisposable
{
    /// <summary>Up to so many parameters a model is computed in float32, whatever it is stored in.</summary>
    public const long SmallParameters = 1_000_000_000;

    private const string IndexFile = "model.safetensors.index.json";

    private readonly ModelWeights _weights;
    private readonly IReadOnlyList<OpenVlaVision> _towers;
    private readonly IReadOnlyList<(Tensor Mean, Tensor Std)> _scales;
    private readonly LlamaModel _llama;
    private readonly Device _device;

    private OpenVlaCheckpoint(
        string directory,
        OpenVlaConfig config,
        IReadOnlyList<OpenVlaNormalising> scales,
        ModelWeights weights,
        Device device
    )
    {
        (Directory, Config, _weights, _device) = (directory, config, weights, device);
        _towers = [.. config.Towers.Select(tower => new OpenVlaVision(weights, tower))];
        _llama = new LlamaModel(weights.At("language_model"), config.Text);
        using var outside = inference_mode(false);
        _scales = [.. scales.Select(scale => (Column(scale.Mean), Column(scale.Std)))];

        Tensor Column(IReadOnlyList<float> values) =>
            tensor(values.ToArray(), [1, 3, 1, 1], device: device).DetachFromDisposeScope();
    }

    public string Directory { get; }

    public OpenVlaConfig Config { get; }

    /// <summary>Numbers of all its tensors.</summary>
    public long Parameters { get; private init; }

    /// <summary>What it computes in.</summary>
    public Precision Precision { get; private init; }

    /// <summary>Token ids go from 0 to one less than this.</summary>
    public long Vocabulary => _llama.Vocabulary;

    /// <summary>Opens it: weights are read when they are first needed.</summary>
    /// <param name="directory">The policy's.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="precision">In place of what suits its size.</param>
    /// <exception cref="PolicyException">Something is missing or damaged.</exception>
    public static OpenVlaCheckpoint Open(string directory, Device device, Precision? precision = null)
    {
        var config = OpenVlaConfig.Read(directory);
        var scales = OpenVlaNormalising.Read(Path.Combine(directory, "preprocessor_config.json"), config.Towers.Count);
        if (scales.Count != config.Towers.Count)
            throw new PolicyException(
                $"{directory}: preprocessor_config.json scales {scales.Count} pictures (tvf_normalize_params), and "
                    + "there "
                    + $"are {config.Towers.Count} towers (timm_model_ids)"
            );
        Checkpoint stored = File.Exists(Path.Combine(directory, IndexFile))
            ? ShardedCheckpoint.Open(Path.Combine(directory, IndexFile))
            : SafetensorsCheckpoint.Open(Path.Combine(directory, PolicyKind.WeightsFile));
        var parameters = stored.Tensors.Values.Sum(tensor => tensor.ElementCount);
        var used = precision ?? PrecisionOf(stored, parameters);
        return new OpenVlaCheckpoint(
            directory,
            config,
            scales,
            new ModelWeights(stored, device, PrecisionInForce.ToTorch(used)),
            device
        )
        {
            Parameters = parameters,
            Precision = used,
        };
    }

    /// <summary>The picture that it would take with a border.</summary>
    public ImageSpec Letterboxed() => OpenVlaConfig.Letterboxed(Directory, Config.Image);

    /// <summary>A picture as the towers take it.</summary>
    /// <param name="resized">[1, 3, size, size], 0 to 1.</param>
    /// <returns>[1, 3 for each tower, size, size].</returns>
    public Tensor Normalise(Tensor resized)
    {
        using var scope = NewDisposeScope();
        return cat([.. _scales.Select(scale => (resized - scale.Mean) / scale.Std)], 1).MoveToOuterDisposeScope();
    }

    /// <summary>A picture's patches as the language model takes them.</summary>
    /// <param name="pixels">As <see cref="Normalise"/> gives them.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[1, patches, width].</returns>
    public Tensor Look(Tensor pixels, Action<string, Tensor>? seen = null)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        var features = new List<Tensor>();
        foreach (var (i, tower) in _towers.Index())
        {
            var name = Config.Towers[i].Name.Contains("siglip", StringComparison.Ordinal) ? "siglip" : "dino";
            features.Add(
                tower.Look(
                    pixels.narrow(1, i * 3, 3),
                    seen is null ? null : (step, tensor) => seen($"vision.{name}.{step}", tensor)
                )
            );
        }

        var x = cat(features, 2);
        seen?.Invoke("vision.features", x);
        var projector = _weights.At("projector");
        x = projector.Linear("fc1", x, hasBias: true);
        seen?.Invoke("projector.fc1", x);
        x = projector.Linear("fc2", functional.gelu(x), hasBias: true);
        if (projector.Has("fc3.weight"))
        {
            seen?.Invoke("projector.fc2", x);
            x = projector.Linear("fc3", functional.gelu(x), hasBias: true);
        }

        seen?.Invoke("projector.output", x);
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>The token ids of an action.</summary>
    /// <param name="patches">As <see cref="Look"/> gives them.</param>
    /// <param name="ids">The question's, from the beginning's on.</param>
    /// <param name="count">Numbers of the action.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    public long[] Answer(Tensor patches, IReadOnlyList<long> ids, int count, Action<string, Tensor>? seen = null)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        if (ids.Count == 0 || ids.Min() < 0 || ids.Max() >= Vocabulary)
            throw new PolicyException(
                $"{Directory}: token ids go from {ids.DefaultIfEmpty(-1).Min()} to {ids.DefaultIfEmpty(-1).Max()}, "
                    + $"allowed is 0 to {Vocabulary - 1}"
            );
        // The picture stands between the beginning and the words.
        var words = _llama.Embed(tensor(ids.ToArray(), [1, ids.Count]).to(_device));
        var question = cat([words.narrow(1, 0, 1), patches.to(words.dtype), words.narrow(1, 1, ids.Count - 1)], 1);
        using var kept = new LlamaCache(Config.Text.Layers);
        var answer = new long[count];
        var logits = _llama.Read(
            question,
            kept,
            onlyLast: seen is null,
            seen is null ? null : (step, tensor) => seen($"llm.{step}", tensor)
        );
        seen?.Invoke("prefill_logits", logits);
        var steps = new List<Tensor>();
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                logits = _llama.Read(
                    _llama.Embed(tensor(new[] { answer[i - 1] }, [1, 1]).to(_device)),
                    kept,
                    onlyLast: true,
                    seen: null
                );
            var next = logits.select(1, logits.shape[1] - 1);
            if (seen is not null)
                steps.Add(next);
            answer[i] = next.argmax(-1).item<long>();
        }

        seen?.Invoke("step_logits", steps.Count > 0 ? cat(steps, 0) : logits);
        return answer;
    }

    /// <summary>Reads and tries the eyes alone.</summary>
    internal void WarmUpVision()
    {
        using var scope = NewDisposeScope();
        Look(Normalise(zeros([1, 3, Config.Image.Height, Config.Image.Width], device: _device)));
    }

    /// <summary>Reads and tries the language model alone.</summary>
    internal void WarmUpLanguage()
    {
        using var scope = NewDisposeScope();
        var width = _weights.At("projector").Has("fc3.weight")
            ? _weights.Get("projector.fc3.weight", 2).shape[0]
            : _weights.Get("projector.fc2.weight", 2).shape[0];
        Answer(zeros([1, 1, width], device: _device), [1, 1], 2);
    }

    /// <summary>Tries all of it, where that is no great matter.</summary>
    /// <exception cref="PolicyException">Something is missing or does not fit.</exception>
    internal void Try() =>
        WeightsTrial.Run(
            Directory,
            () =>
            {
                WarmUpVision();
                WarmUpLanguage();
            }
        );

    public void Dispose()
    {
        foreach (var (mean, std) in _scales)
        {
            mean.Dispose();
            std.Dispose();
        }

        _weights.Dispose();
    }

    // Widened, a large one would not fit into the memory that it fits into as it is.
    private static Precision PrecisionOf(Checkpoint stored, long parameters) =>
        parameters > SmallParameters && stored.Tensors.Values.All(tensor => tensor.Type == CheckpointType.BF16)
            ? Precision.BFloat16
            : Precision.Float32;
}
