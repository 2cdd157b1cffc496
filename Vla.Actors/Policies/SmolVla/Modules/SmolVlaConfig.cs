using Vla.Actors.Policies.LeRobot;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>How a SmolVLA works, from LeRobot's <c>config.json</c>; its sizes are those of its weights.</summary>
internal sealed record SmolVlaConfig
{
    /// <summary>The type in <c>config.json</c>.</summary>
    public const string Type = "smolvla";

    private const int LargestSize = 4_096;
    private const int MostLayers = 256;

    /// <summary>Features and scales.</summary>
    public required LeRobotConfig Features { get; init; }

    /// <summary>Actions in a chunk.</summary>
    public required int ChunkSize { get; init; }

    /// <summary>Of these, how many are carried out before the next chunk is asked for.</summary>
    public required int ActionSteps { get; init; }

    /// <summary>Numbers that the state is filled up to with zeros.</summary>
    public required int StateSize { get; init; }

    /// <summary>Numbers of an action inside the model, of which the first are the robot's.</summary>
    public required int ActionSize { get; init; }

    /// <summary>Pixels that pictures are brought to, with a border where their shape is another.</summary>
    public required (int Width, int Height) Picture { get; init; }

    /// <summary>How many cameras may be missing and are taken for pictures of nothing.</summary>
    public required int EmptyCameras { get; init; }

    /// <summary>Tokens of an instruction that are read.</summary>
    public required int LongestText { get; init; }

    /// <summary>Steps from chance to a chunk.</summary>
    public required int FlowSteps { get; init; }

    /// <summary>Layers of the language model that are used, from the first.</summary>
    public required int TextLayers { get; init; }

    /// <summary>Every how many layers of the expert attend to the actions themselves too.</summary>
    public required int SelfAttentionEvery { get; init; }

    /// <summary>Shortest and longest period of the waves that tell the expert the time.</summary>
    public required (double Shortest, double Longest) Periods { get; init; }

    /// <summary>How a chunk is made to go on from the one before it.</summary>
    public required RealTimeChunking Chunking { get; init; }

    /// <summary>
    /// Cameras that a robot has to have: all but those that stand for none (<c>empty_camera_0</c> and so on).
    /// </summary>
    public IEnumerable<LeRobotFeature> RealCameras =>
        Features.Cameras.Where(camera =>
            !camera.Key.StartsWith($"{PictureNames.Prefix}empty_camera_", StringComparison.Ordinal)
        );

    /// <summary>The vision-language model that it was made from.</summary>
    public required string BackboneName { get; init; }

    /// <exception cref="PolicyException">A value is missing, out of range, or of a kind that is not computed
    /// here.</exception>
    public static SmolVlaConfig Read(string file)
    {
        var features = LeRobotConfig.Read(file);
        var root = features.Root;
        var chunk = root.OptionalInteger("chunk_size", 1, 10_000, 50);
        var size = root.Has("resize_imgs_with_padding")
            ? root.Integers("resize_imgs_with_padding", 2, 2, 16, LargestSize)
            : throw root.Wrong("resize_imgs_with_padding", "null", "a width and a height");
        var (shortest, longest) = (
            root.OptionalNumber("min_period", 1e-9, 1e9, 0.004),
            root.OptionalNumber("max_period", 1e-9, 1e9, 4.0)
        );
        if (root.OptionalInteger("n_obs_steps", 1, 1_000, 1) != 1)
            throw root.Wrong("n_obs_steps", "more than 1", "1");
        root.OptionalChoice("attention_mode", "cross_attn");
        RequireOff("add_image_special_tokens", "the pictures are given without words around them");
        RequireOff("adapt_to_pi_aloha", "its joints are taken as they are");
        RequireOff("use_delta_joint_actions_aloha", "its actions are taken as they are");
        if (root.Has("prefix_length") && root.Integer("prefix_length", -1, 100_000) > 0)
            throw root.Wrong("prefix_length", "above 0", "-1: the prefix is as long as it is");
        if (root.Has("num_expert_layers") && root.Integer("num_expert_layers", -1, MostLayers) > 0)
            throw root.Wrong("num_expert_layers", "above 0", "-1: as many as the language model's");
        if (!features.Cameras.Any())
            throw root.Wrong("input_features", "without a camera", "at least one");
        if (features.State is null)
            throw root.Wrong("input_features", "without observation.state", "the robot's state");
        var config = new SmolVlaConfig
        {
            Features = features,
            ChunkSize = chunk,
            ActionSteps = root.OptionalInteger("n_action_steps", 1, chunk, chunk),
            StateSize = root.OptionalInteger("max_state_dim", 1, LargestSize, 32),
            ActionSize = root.OptionalInteger("max_action_dim", 1, LargestSize, 32),
            Picture = (size[0], size[1]),
            EmptyCameras = root.OptionalInteger("empty_cameras", 0, 16, 0),
            LongestText = root.OptionalInteger("tokenizer_max_length", 1, LargestSize, 48),
            FlowSteps = root.OptionalInteger("num_steps", 1, 1_000, 10),
            TextLayers = root.OptionalInteger("num_vlm_layers", 1, MostLayers, 16),
            SelfAttentionEvery = root.OptionalInteger("self_attn_every_n_layers", 1, MostLayers, 2),
            Periods = (shortest, longest),
            Chunking = RealTimeChunking.Read(root),
            BackboneName = root.OptionalText("vlm_model_name", 1_000) ?? SmolVlmSizes.PublishedName,
        };
        if (features.State.Count > config.StateSize)
            throw root.Wrong(
                "max_state_dim",
                $"{config.StateSize}",
                $"{features.State.Count}, the state's numbers, or more"
            );
        if (features.Action.Count > config.ActionSize)
            throw root.Wrong(
                "max_action_dim",
                $"{config.ActionSize}",
                $"{features.Action.Count}, the action's numbers, or more"
            );
        return config;

        void RequireOff(string key, string why)
        {
            if (root.OptionalFlag(key) ?? false)
                throw root.Wrong(key, "true", $"false: {why}");
        }
    }
}
