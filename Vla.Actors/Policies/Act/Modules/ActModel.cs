using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Torch;
using Vla.Sensors.Images;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>
/// The Action Chunking Transformer ("Learning Fine-Grained Bimanual Manipulation with Low-Cost Hardware",
/// arXiv:2304.13705) with the parameter names of LeRobot's checkpoints.
/// </summary>
/// <remarks>
/// <para>
/// Pictures go through the backbone one by one and become tokens, row by row; with the latent (zeros) and the state
/// they are the encoder's tokens. The decoder asks them for each action of the chunk. What only training uses, the
/// encoder of the variational autoencoder, is passed over.
/// </para>
/// <para>Everything is [batch, tokens, dim], computed in float32.</para>
/// </remarks>
internal sealed class ActModel : Module<IReadOnlyList<Tensor>, Tensor?, Tensor?, Tensor>, IIgnoresWeights
{
    private readonly ActBackbone? backbone;
    private readonly TokenEncoder encoder;
    private readonly TokenDecoder decoder;
    private readonly PointwiseConvolution? encoder_img_feat_input_proj;
    private readonly Linear encoder_latent_input_proj;
    private readonly Linear? encoder_robot_state_input_proj;
    private readonly Linear? encoder_env_state_input_proj;
    private readonly Embedding encoder_1d_feature_pos_embed;
    private readonly Embedding decoder_pos_embed;
    private readonly Linear action_head;
    private readonly TokenEncoder? vae_encoder;
    private readonly Embedding? vae_encoder_cls_embed;
    private readonly Linear? vae_encoder_robot_state_input_proj;
    private readonly Linear? vae_encoder_action_input_proj;
    private readonly Linear? vae_encoder_latent_output_proj;
    private readonly Tensor? vae_encoder_pos_enc;
    private readonly ActConfig _config;
    private readonly long _pictureChannels;
    private readonly Dictionary<(long Rows, long Columns), Tensor> _positions = [];

    /// <param name="config">Sizes.</param>
    /// <param name="pictureChannels">Of the backbone's last feature map; null for a policy without cameras.</param>
    /// <param name="backbone">Of the pictures; null where somebody else has it, or there are none.</param>
    /// <param name="toTrain">Whether what only training uses is there too.</param>
    public ActModel(ActConfig config, long? pictureChannels, ActBackbone? backbone, bool toTrain = false)
        : base(nameof(ActModel))
    {
        _config = config;
        _pictureChannels = pictureChannels ?? 0;
        this.backbone = backbone;
        encoder = new TokenEncoder(config, config.EncoderLayers);
        decoder = new TokenDecoder(config);
        if (pictureChannels is { } channels)
            encoder_img_feat_input_proj = new PointwiseConvolution(channels, config.Dim);
        encoder_latent_input_proj = Linear(config.LatentDim, config.Dim);
        if (config.StateSize > 0)
            encoder_robot_state_input_proj = Linear(config.StateSize, config.Dim);
        if (config.EnvironmentSize > 0)
            encoder_env_state_input_proj = Linear(config.EnvironmentSize, config.Dim);
        var numbers = 1 + (config.StateSize > 0 ? 1 : 0) + (config.EnvironmentSize > 0 ? 1 : 0);
        encoder_1d_feature_pos_embed = Embedding(numbers, config.Dim);
        decoder_pos_embed = Embedding(config.ChunkSize, config.Dim);
        action_head = Linear(config.Dim, config.Features.Action.Count);
        if (toTrain && config.UsesVae)
        {
            vae_encoder = new TokenEncoder(config, config.VaeLayers);
            vae_encoder_cls_embed = Embedding(1, config.Dim);
            if (config.StateSize > 0)
                vae_encoder_robot_state_input_proj = Linear(config.StateSize, config.Dim);
            vae_encoder_action_input_proj = Linear(config.Features.Action.Count, config.Dim);
            vae_encoder_latent_output_proj = Linear(config.Dim, 2 * config.LatentDim);
            var places = config.ChunkSize + (config.StateSize > 0 ? 2 : 1);
            vae_encoder_pos_enc = ActPositions.Row(config.Dim, places).unsqueeze(0);
        }

        RegisterComponents();
    }

    /// <summary>In training: the chunk for a latent that is drawn from what the right actions say of it.</summary>
    /// <param name="pictures">One for each camera, [batch, 3, height, width], normalised.</param>
    /// <param name="state">[batch, count], normalised; null for a policy that takes none.</param>
    /// <param name="environment">[batch, count], normalised; null for a policy that takes none.</param>
    /// <param name="actions">The right ones, [batch, chunk, dimensions], normalised.</param>
    /// <param name="counts">[batch, chunk], 1 for actions that count and 0 for those after the end.</param>
    /// <returns>The normalised chunk, and mean and logarithm of the variance of the latent, [batch, latent]; null
    /// without an encoder of actions.</returns>
    public (Tensor Chunk, Tensor? Mean, Tensor? LogVariance) Learn(
        IReadOnlyList<Tensor> pictures,
        Tensor? state,
        Tensor? environment,
        Tensor actions,
        Tensor counts
    )
    {
        Tensor? mean = null,
            logVariance = null,
            latent = null;
        if (vae_encoder is not null)
        {
            (mean, logVariance) = Latent(state, actions, counts);
            latent = mean + (logVariance / Scalars.Two).exp() * randn_like(mean);
        }

        return (Decode(Tokens([.. pictures.Select(Look)], state, environment, latent), null), mean, logVariance);
    }

    /// <summary>Sets the norms of a backbone that nobody has trained by pictures of each camera.</summary>
    /// <param name="pictures">One for each camera, [batch, 3, height, width], normalised.</param>
    public void Calibrate(IReadOnlyList<Tensor> pictures)
    {
        // Those of one size can go together; the largest show most.
        var largest = pictures
            .GroupBy(picture => (picture.shape[2], picture.shape[3]))
            .MaxBy(alike => alike.Sum(one => one.numel()))!;
        using var together = cat([.. largest], 0);
        backbone!.Calibrate(together);
    }

    private (Tensor Mean, Tensor LogVariance) Latent(Tensor? state, Tensor actions, Tensor counts)
    {
        var batch = actions.shape[0];
        var tokens = new List<Tensor> { vae_encoder_cls_embed!.weight!.unsqueeze(0).expand(batch, 1, _config.Dim) };
        if (vae_encoder_robot_state_input_proj is not null)
            tokens.Add(vae_encoder_robot_state_input_proj.call(state!).unsqueeze(1));
        var always = ones([batch, tokens.Count], device: actions.device);
        tokens.Add(vae_encoder_action_input_proj!.call(actions));
        // What does not count is looked at by nobody.
        using Scalar far = float.NegativeInfinity;
        var mask = zeros([batch, 1, 1, vae_encoder_pos_enc!.shape[1]], device: actions.device)
            .masked_fill(cat([always, counts], 1).eq(Scalars.Zero).unsqueeze(1).unsqueeze(1), far);
        var seen = vae_encoder!.Run(cat(tokens, 1), vae_encoder_pos_enc, null, mask).select(1, 0);
        var parts = vae_encoder_latent_output_proj!.call(seen).chunk(2, 1);
        return (parts[0], parts[1]);
    }

    /// <summary>First weights as the paper's code has them: Xavier's for every matrix of encoder and decoder.</summary>
    public void InitialiseTransformer()
    {
        using var guard = no_grad();
        foreach (var parameter in encoder.parameters().Concat(decoder.parameters()).Where(one => one.dim() > 1))
            init.xavier_uniform_(parameter);
    }

    /// <summary>All but the backbone, which another actor has.</summary>
    /// <exception cref="PolicyException">The weights do not fit.</exception>
    public static ActModel LoadTransformer(string directory, ActConfig config, Device device)
    {
        using var weights = SafetensorsCheckpoint.Open(Path.Combine(directory, PolicyKind.WeightsFile));
        var projection = $"{ActCheckpoint.Prefix}{nameof(encoder_img_feat_input_proj)}.weight";
        long? channels =
            weights.Tensors.TryGetValue(projection, out var tensor) && config.Features.Cameras.Any()
                ? tensor.Shape[1]
                : null;
        var model = new ActModel(config, channels, backbone: null);
        try
        {
            StateDict.Load(model, weights, ActCheckpoint.Prefix);
            model.eval();
            model.to(device);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Works on maps of the sizes that will come, so that the first observation takes no longer than the next.
    /// </summary>
    public void WarmUp(IEnumerable<ImageSpec> images, Device device)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        Tensor[] maps =
        [
            .. images.Select(image =>
                zeros(
                    [1, _pictureChannels, ActBackbone.Cells(image.Height), ActBackbone.Cells(image.Width)],
                    device: device
                )
            ),
        ];
        var state = _config.StateSize > 0 ? zeros([1, _config.StateSize], device: device) : null;
        var environment = _config.EnvironmentSize > 0 ? zeros([1, _config.EnvironmentSize], device: device) : null;
        for (var i = 0; i < ActVision.WarmUps; i++)
            Decode(Tokens(maps, state, environment), null);
    }

    public bool Ignores(string name) =>
        (vae_encoder is null && name.StartsWith("vae_encoder", StringComparison.Ordinal))
        || (backbone is null && name.StartsWith("backbone.", StringComparison.Ordinal))
        || name.EndsWith(".num_batches_tracked", StringComparison.Ordinal);

    /// <param name="pictures">One for each camera, in the policy's order, [batch, 3, height, width],
    /// normalised.</param>
    /// <param name="state">The robot's, [batch, count], normalised; null for a policy that takes none.</param>
    /// <param name="environment">The surroundings', [batch, count], normalised; null for a policy that takes
    /// none.</param>
    /// <returns>The normalised chunk [batch, chunk size, dimensions].</returns>
    public override Tensor forward(IReadOnlyList<Tensor> pictures, Tensor? state, Tensor? environment)
    {
        using var scope = NewDisposeScope();
        return Decode(Tokens([.. pictures.Select(Look)], state, environment), null).MoveToOuterDisposeScope();
    }

    /// <summary>One camera's feature map [batch, channels, rows, columns].</summary>
    public Tensor Look(Tensor picture) => backbone!.call(picture);

    /// <summary>The backbone's steps, to compare with.</summary>
    public Tensor[] BackboneSteps(Tensor picture) => backbone!.Steps(picture);

    /// <summary>The encoder's tokens and where they are.</summary>
    /// <param name="maps">One for each camera.</param>
    /// <param name="state">Normalised, or null.</param>
    /// <param name="environment">Normalised, or null.</param>
    /// <param name="latent">[batch, latent]; zeros, the average, when it is null.</param>
    /// <returns>[batch, n, dim] and [1, n, dim].</returns>
    public (Tensor Tokens, Tensor Positions) Tokens(
        IReadOnlyList<Tensor> maps,
        Tensor? state,
        Tensor? environment,
        Tensor? latent = null
    )
    {
        using var scope = NewDisposeScope();
        var batch = maps.Count > 0 ? maps[0].shape[0] : environment!.shape[0];
        latent ??= zeros(batch, _config.LatentDim, device: encoder_latent_input_proj.weight!.device);
        var tokens = new List<Tensor> { encoder_latent_input_proj.call(latent).unsqueeze(1) };
        if (encoder_robot_state_input_proj is not null)
            tokens.Add(encoder_robot_state_input_proj.call(state!).unsqueeze(1));
        if (encoder_env_state_input_proj is not null)
            tokens.Add(encoder_env_state_input_proj.call(environment!).unsqueeze(1));
        var positions = new List<Tensor> { encoder_1d_feature_pos_embed.weight!.unsqueeze(0) };
        foreach (var map in maps)
        {
            tokens.Add(ConvolutionLayers.ToTokens(encoder_img_feat_input_proj!.call(map)));
            positions.Add(Positions(map));
        }

        return (cat(tokens, 1).MoveToOuterDisposeScope(), cat(positions, 1).MoveToOuterDisposeScope());
    }

    /// <summary>Tokens to the normalised chunk [batch, chunk size, dimensions].</summary>
    /// <param name="given">As <see cref="Tokens"/> gives them.</param>
    /// <param name="seen">Is told each layer's result, [batch, …, dim], by the layer's name; null when nobody
    /// looks.</param>
    public Tensor Decode((Tensor Tokens, Tensor Positions) given, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var memory = encoder.Run(given.Tokens, given.Positions, seen);
        seen?.Invoke("encoder.output", memory);
        var actions = decoder.Run(memory, memory + given.Positions, decoder_pos_embed.weight!.unsqueeze(0), seen);
        seen?.Invoke("decoder.output", actions);
        return action_head.call(actions).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var table in _positions.Values)
                table.Dispose();
            _positions.Clear();
        }

        base.Dispose(disposing);
    }

    // [1, rows × columns, dim]; kept for each size that is seen, on the model's device.
    private Tensor Positions(Tensor map)
    {
        var size = (map.shape[2], map.shape[3]);
        if (_positions.TryGetValue(size, out var known) && known.device.ToString() == map.device.ToString())
            return known;
        known?.Dispose();
        using var scope = NewDisposeScope();
        using var guard = inference_mode(false);
        var table = ConvolutionLayers.ToTokens(ActPositions.Table(_config.Dim, size.Item1, size.Item2).unsqueeze(0));
        return _positions[size] = table.contiguous().to(map.device).DetachFromDisposeScope();
    }
}
