using TorchSharp;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Torch;
using static TorchSharp.torch;

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
        var live = Create();
        live.InitialiseTransformer();
        if (backbone.NeedsCalibration)
            Calibrate(live);
        Trained = new TrainedModel<ActModel>(live, Create(), options);

        ActModel Create()
        {
            var eye = backbone.Create();
            var model = new ActModel(_config, eye.Channels, eye, toTrain: true);
            model.to(device);
            return model;
        }

        void Calibrate(ActModel model)
        {
            using var scope = NewDisposeScope();
            var stride = Math.Max(1, _training.Length / CalibrationSamples);
            var spread = _training.Where((_, i) => i % stride == 0).Take(CalibrationSamples).ToArray();
            model.Calibrate(_batches.Of(spread).Pictures);
        }
    }

    /// <summary>The model, its average and its optimizer.</summary>
    public TrainedModel<ActModel> Trained { get; }

    public int TrainingSamples => _training.Length;

    public int ValidationSamples => _validation.Length;

    /// <summary>One step on a batch of its own.</summary>
    /// <exception cref="TrainingException">Loss or gradient are not finite; the weights are as they were before the
    /// step.</exception>
    public TrainingLoss Train() =>
        Trained.Train(
            _training,
            (samples, _) =>
            {
                var batch = _batches.Of(samples);
                var (chunk, mean, logVariance) = Trained.Live.Learn(
                    batch.Pictures,
                    batch.State,
                    null,
                    batch.Actions,
                    batch.Counts
                );
                var action = ActionLoss(chunk, batch);
                var total = mean is null ? action : action + Kl(mean, logVariance!) * _klWeight;
                return (total, new TrainingLoss(total.item<float>(), action.item<float>(), double.NaN, double.NaN));
            }
        );

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
            sum +=
                ActionLoss(Trained.Averaged.call(batch.Pictures, batch.State, null), batch).item<float>()
                * samples.Length;
        }

        var loss = _validation.Length == 0 ? double.NaN : sum / _validation.Length;
        return new TrainingLoss(loss, loss, double.NaN, double.NaN);
    }

    public void Dispose()
    {
        Trained.Dispose();
        _processors.Dispose();
        _klWeight.Dispose();
    }

    // As LeRobot's: what does not count is 0, and yet counts in the number that the sum is divided by.
    private static Tensor ActionLoss(Tensor chunk, ActBatch batch) =>
        ((chunk - batch.Actions).abs() * batch.Counts.unsqueeze(2)).mean();

    // Kullback-Leibler, summed over the latent's numbers, averaged over the batch (arXiv:1312.6114, appendix B).
    private static Tensor Kl(Tensor mean, Tensor logVariance) =>
        (Scalars.One + logVariance - mean * mean - logVariance.exp()).sum(1).mean() * Scalars.MinusHalf;
}
