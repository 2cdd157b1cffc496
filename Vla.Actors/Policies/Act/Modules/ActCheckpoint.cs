using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.LeRobot;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>
/// A whole ACT checkpoint in one piece, to look at or to try: raw observations in, every step and the chunk out.
/// </summary>
internal sealed class ActCheckpoint : IDisposable
{
    private static readonly Scalar LargestByte = 255;

    internal const string Prefix = "model.";
    internal const string BackbonePrefix = "model.backbone.";

    private readonly ActModel _model;
    private readonly LeRobotProcessors _processors;
    private readonly Device _device;

    private ActCheckpoint(
        string directory,
        ActConfig config,
        ActModel model,
        LeRobotProcessors processors,
        Device device
    ) => (Directory, Config, _model, _processors, _device) = (directory, config, model, processors, device);

    public string Directory { get; }

    public ActConfig Config { get; }

    /// <summary>Names and scales of what it takes; not to be disposed.</summary>
    public LeRobotProcessors Processors => _processors;

    /// <summary>Parameters that inference uses, and buffers of frozen norms among them.</summary>
    public long Parameters => _model.state_dict().Values.Sum(tensor => tensor.numel());

    /// <exception cref="PolicyException">Something is missing, damaged or does not fit.</exception>
    public static ActCheckpoint Load(string directory, Device device)
    {
        var config = ActConfig.Read(Path.Combine(directory, PolicyKind.ConfigFile));
        using var weights = SafetensorsCheckpoint.Open(Path.Combine(directory, PolicyKind.WeightsFile));
        var processors = LeRobotProcessors.Read(directory, config.Features, weights, device);
        ActModel? model = null;
        try
        {
            var backbone = config.Features.Cameras.Any() ? ActBackbone.For(weights, BackbonePrefix) : null;
            model = new ActModel(config, backbone?.Channels, backbone);
            StateDict.Load(model, weights, Prefix);
            model.eval();
            model.to(device);
            return new ActCheckpoint(directory, config, model, processors, device);
        }
        catch
        {
            model?.Dispose();
            processors.Dispose();
            throw;
        }
    }

    /// <summary>The normalised chunk for raw observations.</summary>
    /// <param name="observation">
    /// By feature name: pictures [batch, height, width, 3] of bytes in RGB order, numbers [batch, count].
    /// </param>
    /// <param name="seen">Is told every step's result by name; null when nobody looks.</param>
    /// <returns>[batch, chunk size, dimensions].</returns>
    /// <exception cref="PolicyException">An input is missing or has another shape.</exception>
    public Tensor Predict(IReadOnlyDictionary<string, Tensor> observation, Action<string, Tensor>? seen = null)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        var maps = new List<Tensor>();
        foreach (var camera in Config.Features.Cameras)
        {
            var picture = Normalised(camera, observation, seen);
            maps.Add(seen is null ? _model.Look(picture) : LookCarefully(camera.Key, picture, maps.Count == 0, seen));
        }

        var state = Config.Features.State is { } robot ? Normalised(robot, observation, seen) : null;
        var environment = Config.Features.Environment is { } around ? Normalised(around, observation, seen) : null;
        var tokens = _model.Tokens(maps, state, environment);
        seen?.Invoke("encoder.input_tokens", tokens.Tokens);
        seen?.Invoke("encoder.position_embedding", tokens.Positions);
        return _model.Decode(tokens, seen).MoveToOuterDisposeScope();
    }

    /// <summary>Normalised actions [batch, count, dimensions] in the robot's units.</summary>
    public Tensor Unnormalise(Tensor actions) => _processors.Unnormalise(actions);

    public void Dispose()
    {
        _model.Dispose();
        _processors.Dispose();
    }

    private Tensor Normalised(
        LeRobotFeature feature,
        IReadOnlyDictionary<string, Tensor> observation,
        Action<string, Tensor>? seen
    )
    {
        var name = _processors.NameOf(feature);
        if (!observation.TryGetValue(name, out var raw))
            throw new PolicyException(
                $"{Directory}: wants {name}, and there are {string.Join(", ", observation.Keys)}"
            );
        long[] wanted =
            feature.Kind == FeatureKind.Visual
                ? [feature.Shape[1], feature.Shape[2], feature.Shape[0]]
                : [feature.Count];
        if (!raw.shape.AsSpan(1).SequenceEqual(wanted))
            throw new PolicyException(
                $"{Directory}: {name} is {CheckpointShape.Text(raw.shape.Skip(1))}, wanted is "
                    + $"{CheckpointShape.Text(wanted)}"
            );
        // Numbers from 0 to 1 would be taken for black.
        if (feature.Kind == FeatureKind.Visual && raw.dtype != ScalarType.Byte)
            throw new PolicyException($"{Directory}: {name} is {raw.dtype}, wanted are bytes from 0 to 255 (U8)");

        using var scope = NewDisposeScope();
        var values = raw.to(_device).to_type(ScalarType.Float32);
        if (feature.Kind == FeatureKind.Visual)
            values = (values / LargestByte).permute(0, 3, 1, 2);
        var normalised = _processors.Normalise(feature.Key, values);
        seen?.Invoke($"normalized.{feature.Key}", normalised);
        return normalised.MoveToOuterDisposeScope();
    }

    private Tensor LookCarefully(string camera, Tensor picture, bool isFirst, Action<string, Tensor> seen)
    {
        var steps = _model.BackboneSteps(picture);
        var name = $"backbone.{camera[(camera.LastIndexOf('.') + 1)..]}";
        string[] names = ["stem", "layer1", "layer2", "layer3", "feature_map"];
        for (var i = isFirst ? 0 : steps.Length - 1; i < steps.Length; i++)
            seen($"{name}.{names[i]}", steps[i]);
        if (isFirst)
            seen(
                "camera_position_embedding",
                ActPositions.Table(Config.Dim, steps[^1].shape[2], steps[^1].shape[3]).unsqueeze(0)
            );
        return steps[^1];
    }
}
