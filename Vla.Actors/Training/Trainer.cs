using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;

namespace Vla.Actors.Training;

/// <summary>Losses of some steps, or of a validation.</summary>
/// <param name="Total">What is minimised.</param>
/// <param name="Action">Of the actions alone.</param>
/// <param name="Grounding">Of where the slots look; NaN where it is not trained.</param>
/// <param name="Turn">Of the block's turn; NaN likewise.</param>
internal readonly record struct TrainingLoss(double Total, double Action, double Grounding, double Turn);

/// <summary>Trains a policy by behaviour cloning, a step at a time.</summary>
/// <remarks>For one thread. The same options, data and number of threads give the same weights.</remarks>
internal sealed class Trainer : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly int[] _training;
    private readonly int[] _validation;
    private readonly BatchMaker _batches;
    private readonly CloningLoss _loss;

    public Trainer(
        PolicyConfig config,
        InstructionTokenizer tokenizer,
        TrainingSet set,
        TrainingOptions options,
        Device device
    )
    {
        _options = options;
        (_training, _validation) = EpisodeSplit.Of(set, options.ValidationShare);
        _batches = new BatchMaker(set, config, tokenizer, device);
        _loss = new CloningLoss(config.Action, config.Action.Execution.Binary, device);
        manual_seed(options.Seed);
        Trained = new TrainedModel<TrainingModel>(
            new TrainingModel(config, device),
            new TrainingModel(config, device),
            options
        );
    }

    /// <summary>The model, its average and its optimizer.</summary>
    public TrainedModel<TrainingModel> Trained { get; }

    public int TrainingSamples => _training.Length;

    public int ValidationSamples => _validation.Length;

    /// <summary>One step on a batch of its own.</summary>
    /// <exception cref="TrainingException">Loss or gradient are not finite; the weights are as they were before the
    /// step.</exception>
    public TrainingLoss Train() =>
        Trained.Train(
            _training,
            (samples, random) =>
            {
                using var batch = _batches.Augmented(samples, random);
                var loss = _loss.Of(Trained.Live.Run(batch), batch, Trained.Live.Grid);
                return (loss.Total, Read(loss));
            }
        );

    /// <summary>The averaged model's loss on episodes it was not trained on.</summary>
    public TrainingLoss Validate()
    {
        using var guard = no_grad();
        var sums = new double[4];
        var count = 0;
        foreach (var samples in _validation.Chunk(_options.BatchSize))
        {
            using var scope = NewDisposeScope();
            using var batch = _batches.Plain(samples);
            var loss = Read(_loss.Of(Trained.Averaged.Run(batch), batch, Trained.Averaged.Grid));
            sums[0] += loss.Total * samples.Length;
            sums[1] += loss.Action * samples.Length;
            sums[2] += loss.Grounding * samples.Length;
            sums[3] += loss.Turn * samples.Length;
            count += samples.Length;
        }

        return count == 0
            ? new TrainingLoss(double.NaN, double.NaN, double.NaN, double.NaN)
            : new TrainingLoss(sums[0] / count, sums[1] / count, sums[2] / count, sums[3] / count);
    }

    public void Dispose() => Trained.Dispose();

    private static TrainingLoss Read(LossParts loss) =>
        new(
            loss.Total.item<float>(),
            loss.Action.item<float>(),
            loss.Grounding?.item<float>() ?? double.NaN,
            loss.Turn?.item<float>() ?? double.NaN
        );
}
