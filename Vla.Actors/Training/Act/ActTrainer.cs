using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Torch;
using Vla.Sensors.Simulation;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.utils;

namespace Vla.Actors.Training.Act;

/// <summary>
/// Trains an ACT policy, a step at a time: the actions' absolute error, and the latent's distance from chance.
/// </summary>
/// <remarks>For one thread. The same options, data and number of threads give the same weights.</remarks>
internal sealed class ActTrainer : IDisposable
{
    /// <summary>Pictures by which the norms of a backbone that nobody has trained are set.</summary>
    private const int CalibrationSamples = 32;

    private readonly TrainingOptions _options;
    private readonly ActConfig _config;
    private readonly int[] _training;
    private readonly int[] _validation;
    private readonly LeRobotProcessors _processors;
    private readonly ActBatches _batches;
    private readonly ActModel _model;
    private readonly ActModel _averaged;
    private readonly MovingAverage _average;
    private readonly AdamW _optimizer;
    private readonly Scalar _klWeight;

    /// <param name="directory">The policy's, with its files but for the weights.</param>
    /// <param name="set">What is learnt from.</param>
    /// <param name="template">How its pictures are laid out.</param>
    /// <param name="options">How long, how fast.</param>
    /// <param name="backbone">Makes the vision backbone; called twice, for the model and its average.</param>
    /// <param name="device">Where Torch computes.</param>
    public ActTrainer(
        string directory,
        TrainingSet set,
        TrainingTemplate template,
        TrainingOptions options,
        ActFirstBackbone backbone,
        Device device
    )
    {
        _options = options;
        _config = ActConfig.Read(Path.Combine(directory, PolicyKind.ConfigFile));
        _klWeight = _config.KlWeight;
        (_training, _validation) = EpisodeSplit.Of(set, options.ValidationShare);
        _processors = LeRobotProcessors.Read(directory, _config.Features, null, device);
        _batches = new ActBatches(set, template.Images, _processors, _config.Features.State, device);
        manual_seed(options.Seed);
        _model = Create();
        _model.InitialiseTransformer();
        if (backbone.NeedsCalibration)
            Calibrate();
        _averaged = Create();
        _averaged.eval();
        _average = new MovingAverage(_model, _averaged, options.AverageDecay);
        _optimizer = new AdamW(
            _model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)),
            options.WeightDecay
        );

        ActModel Create()
        {
            var eye = backbone.Create();
            var model = new ActModel(_config, eye.Channels, eye, toTrain: true);
            model.to(device);
            return model;
        }

        void Calibrate()
        {
            using var scope = NewDisposeScope();
            var stride = Math.Max(1, _training.Length / CalibrationSamples);
            var spread = _training.Where((_, i) => i % stride == 0).Take(CalibrationSamples).ToArray();
            _model.Calibrate(_batches.Of(spread).Pictures);
        }
    }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    /// <summary>The averaged model: what is exported.</summary>
    public ActModel Averaged => _averaged;

    /// <summary>Parameters that are trained.</summary>
    public long Parameters => _model.parameters().Sum(parameter => parameter.numel());

    public int TrainingSamples => _training.Length;

    public int ValidationSamples => _validation.Length;

    /// <summary>One step on a batch of its own.</summary>
    /// <exception cref="TrainingException">Loss or gradient are not finite; the weights are as they were before the
    /// step.</exception>
    public TrainingLoss Train()
    {
        // What is random in a step follows from its number, so that a resumed training is the same as one in a piece.
        var random = new WorldRandom(_options.Seed, stream: Step);
        manual_seed((long)(random.NextBits() >> 1));
        using var scope = NewDisposeScope();
        var samples = new int[_options.BatchSize];
        foreach (ref var sample in samples.AsSpan())
            sample = _training[random.Below(_training.Length)];

        _model.train();
        _model.zero_grad();
        var batch = _batches.Of(samples);
        var (chunk, mean, logVariance) = _model.Learn(batch.Pictures, batch.State, null, batch.Actions, batch.Counts);
        var action = ActionLoss(chunk, batch);
        var total = mean is null ? action : action + Kl(mean, logVariance!) * _klWeight;
        RequireFinite("loss", total.item<float>());
        total.backward();
        RequireFinite("gradient", clip_grad_norm_(_model.parameters(), _options.ClipNorm));
        var rate = _options.RateAt(Step++);
        _optimizer.Step(Step, rate);
        _average.Update(Step);
        return new TrainingLoss(total.item<float>(), action.item<float>(), double.NaN, double.NaN);
    }

    /// <summary>
    /// The averaged model's loss on episodes it was not trained on, as it will be run: without a latent.
    /// </summary>
    public TrainingLoss Validate()
    {
        using var guard = no_grad();
        var sum = 0d;
        foreach (var samples in _validation.Chunk(_options.BatchSize))
        {
            using var scope = NewDisposeScope();
            var batch = _batches.Of(samples);
            sum += ActionLoss(_averaged.call(batch.Pictures, batch.State, null), batch).item<float>() * samples.Length;
        }

        var loss = _validation.Length == 0 ? double.NaN : sum / _validation.Length;
        return new TrainingLoss(loss, loss, double.NaN, double.NaN);
    }

    /// <summary>True when every weight is finite, of the model that is trained and of its average.</summary>
    public bool IsFinite()
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        return _model
            .state_dict()
            .Values.Concat(_averaged.state_dict().Values)
            .All(weights => weights.isfinite().all().item<bool>());
    }

    /// <summary>Writes everything that the next step depends on.</summary>
    public void Store(string liveFile, string averageFile, string optimizerFile)
    {
        SafetensorsWriter.Write(liveFile, _model.state_dict());
        SafetensorsWriter.Write(averageFile, _averaged.state_dict());
        _optimizer.Store(optimizerFile);
    }

    /// <summary>Takes over what <see cref="Store"/> wrote at some step.</summary>
    /// <exception cref="PolicyException">A file is damaged or of another kind of model.</exception>
    public void Restore(int step, string liveFile, string averageFile, string optimizerFile)
    {
        Load(_model, liveFile);
        Load(_averaged, averageFile);
        _optimizer.Restore(optimizerFile);
        Step = step;

        static void Load(ActModel model, string file)
        {
            using var checkpoint = SafetensorsCheckpoint.Open(file);
            StateDict.Load(model, checkpoint);
        }
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _averaged.Dispose();
        _processors.Dispose();
        _klWeight.Dispose();
    }

    // As LeRobot's: what does not count is 0, and yet counts in the number that the sum is divided by.
    private static Tensor ActionLoss(Tensor chunk, ActBatch batch) =>
        ((chunk - batch.Actions).abs() * batch.Counts.unsqueeze(2)).mean();

    // Kullback-Leibler, summed over the latent's numbers, averaged over the batch (arXiv:1312.6114, appendix B).
    private static Tensor Kl(Tensor mean, Tensor logVariance) =>
        (Scalars.One + logVariance - mean * mean - logVariance.exp()).sum(1).mean() * Scalars.MinusHalf;

    private void RequireFinite(string what, double value)
    {
        if (!double.IsFinite(value))
        {
            throw new TrainingException(
                $"the {what} is not finite at step {Step + 1} ({value}): the training went wrong; "
                    + "begin anew with a lower --learning-rate, and look for numbers in the data that are far from "
                    + "the others"
            );
        }
    }
}
