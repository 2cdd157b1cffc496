using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Simulation;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.utils;

namespace Vla.Actors.Training;

/// <summary>Losses of some steps, or of a validation.</summary>
/// <param name="Total">What is minimised.</param>
/// <param name="Action">Of the actions alone.</param>
/// <param name="Grounding">Of where the slots look; NaN where it is not trained.</param>
/// <param name="Turn">Of the block's turn; NaN likewise.</param>
public readonly record struct TrainingLoss(double Total, double Action, double Grounding, double Turn);

/// <summary>Trains a policy by behaviour cloning, a step at a time.</summary>
/// <remarks>For one thread. The same options, data and number of threads give the same weights.</remarks>
internal sealed class Trainer : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly int[] _training;
    private readonly int[] _validation;
    private readonly BatchMaker _batches;
    private readonly CloningLoss _loss;
    private readonly TrainingModel _model;
    private readonly TrainingModel _averaged;
    private readonly MovingAverage _average;
    private readonly AdamW _optimizer;

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
        _model = new TrainingModel(config, device);
        _averaged = new TrainingModel(config, device);
        _averaged.eval();
        _average = new MovingAverage(_model, _averaged, options.AverageDecay);
        _optimizer = new AdamW(
            _model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)),
            options.WeightDecay
        );
    }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    /// <summary>The averaged model: what is exported.</summary>
    public TrainingModel Averaged => _averaged;

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
        using var batch = _batches.Augmented(samples, random);
        var loss = _loss.Of(_model.Run(batch), batch, _model.Grid);
        RequireFinite("loss", loss.Total.item<float>());
        loss.Total.backward();
        RequireFinite("gradient", clip_grad_norm_(_model.parameters(), _options.ClipNorm));
        var rate = _options.RateAt(Step++);
        _optimizer.Step(Step, rate);
        _average.Update(Step);
        return Read(loss);
    }

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
            var loss = Read(_loss.Of(_averaged.Run(batch), batch, _averaged.Grid));
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

    /// <summary>True when every weight is finite, of the model that is trained and of its average.</summary>
    public bool IsFinite()
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        return _model
            .state_dict()
            .Values.Concat(_averaged.state_dict().Values)
            .All(weights => !weights.is_floating_point() || weights.isfinite().all().item<bool>());
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

        static void Load(TrainingModel model, string file)
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
    }

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

    private static TrainingLoss Read(LossParts loss) =>
        new(
            loss.Total.item<float>(),
            loss.Action.item<float>(),
            loss.Grounding?.item<float>() ?? double.NaN,
            loss.Turn?.item<float>() ?? double.NaN
        );
}
