using Vla.Actors.Policies.LeRobot;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>
/// The sizes of an Action Chunking Transformer and how its chunks are carried out, from LeRobot's <c>config.json</c>.
/// </summary>
internal sealed record ActConfig
{
    private const int LargestSize = 65_536;
    private const int MaximumLayers = 64;

    /// <summary>Features, scales and names.</summary>
    public required LeRobotConfig Features { get; init; }

    /// <summary>Actions in a chunk.</summary>
    public required int ChunkSize { get; init; }

    /// <summary>Of these, how many are carried out before the next chunk is asked for.</summary>
    public required int ActionSteps { get; init; }

    /// <summary>The ensemble's coefficient m of exp(−m·i); null to carry out one chunk after the other.</summary>
    public required double? EnsembleCoefficient { get; init; }

    /// <summary>Size of a token.</summary>
    public required int Dim { get; init; }

    public required int Heads { get; init; }

    /// <summary>Hidden size of each layer's two linear layers.</summary>
    public required int FeedForwardDim { get; init; }

    public required int EncoderLayers { get; init; }

    public required int DecoderLayers { get; init; }

    /// <summary>Size of the latent, which is all zeros at inference.</summary>
    public required int LatentDim { get; init; }

    /// <summary>Whether training learns the latent with an encoder of actions, a variational autoencoder's.</summary>
    public required bool UsesVae { get; init; }

    /// <summary>Layers of that encoder.</summary>
    public required int VaeLayers { get; init; }

    /// <summary>Share of what layers add that is dropped in training.</summary>
    public required double Dropout { get; init; }

    /// <summary>How much the latent's distance from chance counts beside the actions' loss.</summary>
    public required double KlWeight { get; init; }

    /// <summary>True when layers normalise before their sums, false after them.</summary>
    public required bool PreNorm { get; init; }

    /// <summary><c>relu</c> or <c>gelu</c>.</summary>
    public required string Activation { get; init; }

    /// <summary>Numbers of the robot's state; 0 for a policy that takes none.</summary>
    public int StateSize => Features.State?.Count ?? 0;

    /// <summary>Numbers of the surroundings' state; 0 for a policy that takes none.</summary>
    public int EnvironmentSize => Features.Environment?.Count ?? 0;

    /// <exception cref="PolicyException">A value is missing, out of range, or of a kind that is not computed
    /// here.</exception>
    public static ActConfig Read(string file)
    {
        var features = LeRobotConfig.Read(file);
        var root = features.Root;
        var chunk = root.OptionalInteger("chunk_size", 1, 10_000, 100);
        var config = new ActConfig
        {
            Features = features,
            ChunkSize = chunk,
            ActionSteps = root.OptionalInteger("n_action_steps", 1, chunk, chunk),
            EnsembleCoefficient = root.Has("temporal_ensemble_coeff")
                ? root.Number("temporal_ensemble_coeff", -10, 10)
                : null,
            Dim = root.OptionalInteger("dim_model", 4, LargestSize, 512),
            Heads = root.OptionalInteger("n_heads", 1, 256, 8),
            FeedForwardDim = root.OptionalInteger("dim_feedforward", 1, LargestSize, 3_200),
            EncoderLayers = root.OptionalInteger("n_encoder_layers", 1, MaximumLayers, 4),
            DecoderLayers = root.OptionalInteger("n_decoder_layers", 1, MaximumLayers, 1),
            LatentDim = root.OptionalInteger("latent_dim", 1, LargestSize, 32),
            UsesVae = root.OptionalFlag("use_vae") ?? true,
            VaeLayers = root.OptionalInteger("n_vae_encoder_layers", 1, MaximumLayers, 4),
            Dropout = root.OptionalNumber("dropout", 0, 0.9, 0.1),
            KlWeight = root.OptionalNumber("kl_weight", 0, 1e6, 10),
            PreNorm = root.OptionalFlag("pre_norm") ?? false,
            // Its third, glu, halves what the next layer expects whole.
            Activation = root.OptionalChoice("feedforward_activation", "relu", "gelu") ?? "relu",
        };
        if (config.Dim % config.Heads != 0)
            throw root.Wrong("n_heads", $"{config.Heads}", $"a divisor of dim_model, {config.Dim}");
        if (config.Dim % 4 != 0)
            throw root.Wrong(
                "dim_model",
                $"{config.Dim}",
                "a multiple of 4: half for the row of a place, half for its column"
            );
        if (root.OptionalInteger("n_obs_steps", 1, 1_000, 1) != 1)
            throw root.Wrong("n_obs_steps", "more than 1", "1");
        if (config.EnsembleCoefficient is not null && config.ActionSteps != 1)
            throw root.Wrong("n_action_steps", $"{config.ActionSteps}", "1 together with temporal_ensemble_coeff");
        if (root.OptionalFlag("replace_final_stride_with_dilation") ?? false)
            throw root.Wrong(
                "replace_final_stride_with_dilation",
                "true",
                "false: ResNet's basic blocks do not have it"
            );
        if (!features.Cameras.Any() && config.EnvironmentSize == 0)
            throw root.Wrong(
                "input_features",
                "without a camera and without the surroundings' state",
                "at least one of them"
            );
        return config;
    }
}
