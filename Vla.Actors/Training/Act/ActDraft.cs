using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act;
using Vla.Actors.Policies.LeRobot;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Actors.Training.Act;

/// <summary>
/// What an ACT policy that is to be trained is, and its files but for the weights, as LeRobot saves them.
/// </summary>
/// <remarks>
/// Sizes come from a <c>config.json</c> of LeRobot's form, or are LeRobot's own defaults; features and scales come from
/// the data. Pictures are scaled by ImageNet's means, as LeRobot does unless it is told not to.
/// </remarks>
internal sealed class ActDraft
{
    private const int DefaultChunk = 100;
    private const int LargestChunk = 10_000;

    /// <summary>
    /// How the pictures of ImageNet are spread, by colour: what published backbones were trained with.
    /// </summary>
    private static readonly float[] ImageMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageStd = [0.229f, 0.224f, 0.225f];

    private static readonly string[] SizeKeys =
    [
        "pre_norm",
        "dim_model",
        "n_heads",
        "dim_feedforward",
        "feedforward_activation",
        "n_encoder_layers",
        "n_decoder_layers",
        "use_vae",
        "latent_dim",
        "n_vae_encoder_layers",
        "temporal_ensemble_coeff",
        "dropout",
        "kl_weight",
        "optimizer_lr",
        "optimizer_weight_decay",
        "optimizer_lr_backbone",
    ];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly JsonObject _config;
    private readonly DataColumns _columns;
    private readonly List<LeRobotFeature> _inputs;
    private readonly LeRobotFeature _action;

    private ActDraft(JsonObject config, DataColumns columns, TrainingTemplate template) =>
        (_config, _columns, Template, _inputs, _action) = (
            config,
            columns,
            template,
            Inputs(template),
            Output(template)
        );

    /// <summary>What it wants of its data.</summary>
    public TrainingTemplate Template { get; }

    /// <param name="file">A <c>config.json</c> of LeRobot's form for the sizes; null for LeRobot's defaults.</param>
    /// <param name="columns">What the data hold: names, cameras, and the time from one action to the next.</param>
    /// <param name="sizeOf">How large the pictures of a camera are to be, by its name.</param>
    /// <exception cref="PolicyException">The file is no ACT's, or the data have no action.</exception>
    public static ActDraft Of(string? file, DataColumns columns, Func<string, (int Width, int Height)> sizeOf)
    {
        if (columns.Action.Count == 0)
            throw new PolicyException("the data have no feature \"action\" to learn: record it");
        var given = file is null ? [] : Parse(file);
        var horizon = new ConfigSection(file ?? PolicyKind.ConfigFile, "", JsonSerializer.SerializeToElement(given))
        {
            NullIsMissing = true,
        }.OptionalInteger("chunk_size", 1, LargestChunk, DefaultChunk);
        JsonNode chunk = horizon;
        var config = new JsonObject
        {
            ["type"] = ActPolicy.Type,
            ["n_obs_steps"] = 1,
            ["input_features"] = new JsonObject(),
            ["output_features"] = new JsonObject(),
            ["device"] = "cpu",
            ["use_amp"] = false,
            ["use_peft"] = false,
            ["push_to_hub"] = false,
            ["repo_id"] = null,
            ["private"] = null,
            ["tags"] = null,
            ["license"] = null,
            ["pretrained_path"] = null,
            ["pretrained_revision"] = null,
            ["chunk_size"] = chunk,
            ["n_action_steps"] = given["n_action_steps"]?.DeepClone() ?? chunk.DeepClone(),
            ["normalization_mapping"] = new JsonObject
            {
                ["VISUAL"] = "MEAN_STD",
                ["STATE"] = "MEAN_STD",
                ["ACTION"] = "MEAN_STD",
            },
            ["vision_backbone"] = "resnet18",
            ["pretrained_backbone_weights"] = null,
            ["replace_final_stride_with_dilation"] = false,
        };
        var defaults = Defaults();
        foreach (var key in SizeKeys)
            config[key] = given.ContainsKey(key) ? given[key]?.DeepClone() : defaults[key]?.DeepClone();

        var pictures = (columns.WantedCameras ?? columns.Cameras).ToList();
        if (pictures.Count is 0 or > PictureNames.Most)
            throw new PolicyException(
                $"the policy would see {pictures.Count} pictures; allowed are 1 to {PictureNames.Most}: choose with "
                    + "--cameras"
            );
        var images = pictures.Select(name => Image(sizeOf(name))).ToList();
        var template = new TrainingTemplate(
            images[0],
            [.. columns.State.Select(one => one.Name)],
            [.. columns.Action.Select(one => one.Name)],
            horizon
        )
        {
            Pictures = pictures,
            Images = images,
        };
        var draft = new ActDraft(config, columns, template);
        config["input_features"] = LeRobotWriter.Features(draft._inputs);
        config["output_features"] = LeRobotWriter.Features([draft._action]);
        return draft;
    }

    /// <summary>The draft of a training that was begun.</summary>
    /// <param name="directory">The policy's.</param>
    /// <param name="columns">What the data hold.</param>
    /// <exception cref="PolicyException">They have not what it was begun with.</exception>
    public static ActDraft Begun(string directory, DataColumns columns)
    {
        var file = Path.Combine(directory, PolicyKind.ConfigFile);
        var features = LeRobotConfig.Read(file);
        var sizes = features.Cameras.ToDictionary(
            camera => LeRobotPictures.NameOf(camera.Key),
            camera => (camera.Shape[2], camera.Shape[1])
        );
        return Of(file, columns with { WantedCameras = [.. sizes.Keys] }, name => sizes[name]);
    }

    /// <summary>Writes everything but the weights.</summary>
    /// <param name="directory">Receives the files.</param>
    /// <param name="set">Gives the scales.</param>
    public void Write(string directory, TrainingSet set)
    {
        DurableFile.Write(Path.Combine(directory, PolicyKind.ConfigFile), _config.ToJsonString(Indented));
        using var scope = NewDisposeScope();
        LeRobotWriter.WriteProcessors(
            directory,
            _inputs,
            _action,
            _config["normalization_mapping"]!.AsObject(),
            Statistics(set)
        );
        DurableFile.Write(Path.Combine(directory, LeRobotNames.File), Names().ToJsonString(Indented) + "\n");
    }

    private JsonObject Names()
    {
        var names = new JsonObject { ["action"] = Numbers(_columns.Action) };
        if (_columns.State.Count > 0)
            names["state"] = Numbers(_columns.State);
        names["step_ms"] = _columns.StepMs;
        return names;

        static JsonObject Numbers(IReadOnlyList<DataColumn> columns)
        {
            var section = new JsonObject { ["names"] = new JsonArray([.. columns.Select(one => (JsonNode)one.Name)]) };
            // 1 is what stands for a unit that the data do not say.
            if (columns.Any(one => one.Unit != "1"))
                section["units"] = new JsonArray([.. columns.Select(one => (JsonNode)one.Unit)]);
            return section;
        }
    }

    private Dictionary<string, Tensor> Statistics(TrainingSet set)
    {
        var statistics = new Dictionary<string, Tensor>();
        var states = Enumerable.Range(0, set.Count).Select(sample => set.State(sample).ToArray()).ToList();
        if (set.Shape.State > 0)
            Add(LeRobotFeature.State, states, set.Shape.State);
        // The first action of each chunk: the others are first in chunks of their own.
        Add(
            LeRobotFeature.Action,
            [.. Enumerable.Range(0, set.Count).Select(sample => set.Chunk(sample, 0)[..set.Shape.Actions].ToArray())],
            set.Shape.Actions
        );
        foreach (var camera in _inputs.Where(input => input.Kind == FeatureKind.Visual))
        {
            statistics[$"{camera.Key}.mean"] = tensor(ImageMean, [3, 1, 1]);
            statistics[$"{camera.Key}.std"] = tensor(ImageStd, [3, 1, 1]);
        }

        return statistics;

        void Add(string key, List<float[]> rows, int width)
        {
            var columns = Enumerable.Range(0, width).Select(i => rows.ConvertAll(row => (double)row[i])).ToList();
            var means = columns.ConvertAll(column => column.Average());
            Put("mean", means);
            Put(
                "std",
                [
                    .. columns.Zip(
                        means,
                        (column, mean) => Math.Sqrt(column.Average(value => (value - mean) * (value - mean)))
                    ),
                ]
            );
            Put("min", columns.ConvertAll(column => column.Min()));
            Put("max", columns.ConvertAll(column => column.Max()));
            statistics[$"{key}.count"] = tensor(new[] { (float)rows.Count });

            void Put(string name, List<double> values) =>
                statistics[$"{key}.{name}"] = tensor(values.ConvertAll(value => (float)value).ToArray());
        }
    }

    private static List<LeRobotFeature> Inputs(TrainingTemplate template)
    {
        var inputs = new List<LeRobotFeature>();
        if (template.StateNames.Count > 0)
            inputs.Add(new LeRobotFeature(LeRobotFeature.State, FeatureKind.State, [template.StateNames.Count]));
        inputs.AddRange(
            template.Pictures.Zip(
                template.Images,
                (name, image) =>
                    new LeRobotFeature(PictureNames.Feature(name), FeatureKind.Visual, [3, image.Height, image.Width])
            )
        );
        return inputs;
    }

    private static LeRobotFeature Output(TrainingTemplate template) =>
        new(LeRobotFeature.Action, FeatureKind.Action, [template.ActionNames.Count]);

    private static Vla.Sensors.Images.ImageSpec Image((int Width, int Height) size) =>
        new(size.Height, size.Width, ImageMean, ImageStd);

    private static JsonObject Defaults() =>
        new()
        {
            ["pre_norm"] = false,
            ["dim_model"] = 512,
            ["n_heads"] = 8,
            ["dim_feedforward"] = 3_200,
            ["feedforward_activation"] = "relu",
            ["n_encoder_layers"] = 4,
            ["n_decoder_layers"] = 1,
            ["use_vae"] = true,
            ["latent_dim"] = 32,
            ["n_vae_encoder_layers"] = 4,
            ["temporal_ensemble_coeff"] = null,
            ["dropout"] = 0.1,
            ["kl_weight"] = 10.0,
            ["optimizer_lr"] = 1e-5,
            ["optimizer_weight_decay"] = 1e-4,
            ["optimizer_lr_backbone"] = 1e-5,
        };

    private static JsonObject Parse(string file)
    {
        var config = TemplateFile.Read(file, $"the {PolicyKind.ConfigFile} of a LeRobot ACT");
        if (config.ContainsKey("stages"))
            throw new PolicyException(
                $"{file}: is of a policy of Vla's own (stages); with --policy act give the "
                    + $"{PolicyKind.ConfigFile} of a LeRobot ACT, or leave it out"
            );
        return config;
    }
}
