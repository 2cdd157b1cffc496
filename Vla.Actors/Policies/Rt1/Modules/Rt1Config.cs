namespace Vla.Actors.Policies.Rt1.Modules;

/// <summary>The sizes of an RT-1 and the meaning of its action tokens, from its <c>config.json</c>.</summary>
/// <remarks>
/// The released weights are TensorFlow's and have no such file; docs/policies.md says what stands in it and what the
/// weights are called.
/// </remarks>
internal sealed record Rt1Config
{
    /// <summary>The <c>model_type</c> in <c>config.json</c>.</summary>
    public const string Type = "rt1";

    private const int LargestSize = 65_536;
    private const int MostLayers = 128;
    private const int MostFrames = 64;
    private const int MostTokens = 64;

    /// <summary>Factor of the EfficientNet's widths; 1.2 is B3.</summary>
    public required double Width { get; init; }

    /// <summary>Factor of the EfficientNet's repeats; 1.4 is B3.</summary>
    public required double Depth { get; init; }

    /// <summary>Widths are multiples of it.</summary>
    public required int DepthDivisor { get; init; }

    /// <summary>Pixels of a picture's side.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Numbers of the instruction's vector.</summary>
    public required int ContextSize { get; init; }

    /// <summary>Numbers of a picture's token.</summary>
    public required int TokenSize { get; init; }

    /// <summary>Tokens of a picture.</summary>
    public required int ImageTokens { get; init; }

    public required int Layers { get; init; }

    /// <summary>Numbers of one head.</summary>
    public required int HeadSize { get; init; }

    public required int Heads { get; init; }

    /// <summary>Values of an action token.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Pictures that it looks back on, the newest among them.</summary>
    public required int Frames { get; init; }

    public required double NormEps { get; init; }

    public required double BatchNormEps { get; init; }

    public required IReadOnlyList<float> Mean { get; init; }

    public required IReadOnlyList<float> Std { get; init; }

    /// <summary>The parts of an action, in the order of their tokens.</summary>
    public required IReadOnlyList<Rt1ActionPart> Action { get; init; }

    /// <summary>Time from one decision to the next, milliseconds; null where nobody wrote it down.</summary>
    public double? StepMs { get; init; }

    /// <summary>Tokens of an action.</summary>
    public int ActionTokens => Action.Sum(part => part.Tokens);

    /// <summary>Tokens of a picture and of the action behind it.</summary>
    public int FrameTokens => ImageTokens + ActionTokens;

    /// <summary>Numbers of an action.</summary>
    public int ActionSize => Action.Sum(part => part.Size);

    /// <exception cref="PolicyException">A value is missing, out of range, or of a kind that is not computed
    /// here.</exception>
    public static Rt1Config Read(string file)
    {
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone()) { NullIsMissing = true };
        if (root.OptionalFlag("use_token_learner") == false)
            throw root.Wrong("use_token_learner", "false", "true");
        var config = new Rt1Config
        {
            Width = root.OptionalNumber("width_coefficient", 0.01, 16, 1.2),
            Depth = root.OptionalNumber("depth_coefficient", 0.01, 16, 1.4),
            DepthDivisor = root.OptionalInteger("depth_divisor", 1, 1_024, 8),
            ImageSize = root.OptionalInteger("image_size", 32, 4_096, 300),
            ContextSize = root.OptionalInteger("context_size", 1, LargestSize, 512),
            TokenSize = root.OptionalInteger("token_embedding_size", 1, LargestSize, 512),
            ImageTokens = root.OptionalInteger("num_image_tokens", 1, MostTokens, 8),
            Layers = root.OptionalInteger("num_layers", 1, MostLayers, 8),
            HeadSize = root.OptionalInteger("layer_size", 1, LargestSize, 128),
            Heads = root.OptionalInteger("num_heads", 1, 256, 8),
            Vocabulary = root.OptionalInteger("vocab_size", 2, LargestSize, 256),
            Frames = root.OptionalInteger("time_sequence_length", 1, MostFrames, 6),
            NormEps = root.OptionalNumber("layer_norm_epsilon", 0, 1, 1e-6),
            BatchNormEps = root.OptionalNumber("batch_norm_epsilon", 0, 1, 1e-3),
            Mean = root.Has("image_mean") ? root.Numbers("image_mean", 3, -1e3, 1e3) : [0.485f, 0.456f, 0.406f],
            Std = root.Has("image_std") ? root.Numbers("image_std", 3, 1e-6, 1e3) : [0.229f, 0.224f, 0.225f],
            Action = root.Has("action_order")
                ? [.. root.Sections("action_order", MostTokens).Select(Rt1ActionPart.Read)]
                : Rt1ActionPart.Usual,
            StepMs = root.Has("step_ms") ? root.Number("step_ms", 0.1, 60_000) : null,
        };
        if (config.Action.GroupBy(part => part.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw root.Wrong("action_order", $"\"{twice.Key}\" twice", "each part once");
        if (config.Action.FirstOrDefault(part => part.IsChoice && part.Size > config.Vocabulary) is { } large)
            throw root.Wrong("action_order", $"{large.Size} choices of {large.Name}", $"{config.Vocabulary} or fewer");
        if (config.Action.Count == 0)
            throw root.Wrong("action_order", "[]", "at least one part");
        if (
            root.Has("tokens_per_action")
            && root.Integer("tokens_per_action", 1, MostTokens) is var told
            && told != config.ActionTokens
        )
            throw root.Wrong("tokens_per_action", $"{told}", $"{config.ActionTokens}, the tokens of action_order");
        return config;
    }
}
