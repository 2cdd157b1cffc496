using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Sensors.Simulation;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.utils;

namespace Vla.Actors.Training;

/// <summary>
/// A model that is trained a step at a time, with its moving average and its optimizer: what is the same whatever kind
/// of model it is.
/// </summary>
/// <remarks>For one thread. The same options, samples and number of threads give the same weights.</remarks>
internal sealed class TrainedModel<TModel> : IDisposable
    where TModel : Module
{
    private readonly TrainingOptions _options;
    private readonly MovingAverage _average;
    private readonly AdamW _optimizer;

    /// <param name="live">Is trained.</param>
    /// <param name="averaged">Of the same kind: becomes its average.</param>
    /// <param name="options">How long, how fast.</param>
    public TrainedModel(TModel live, TModel averaged, TrainingOptions options)
    {
        (Live, Averaged, _options) = (live, averaged, options);
        averaged.eval();
        _average = new MovingAverage(live, averaged, options.AverageDecay);
        _optimizer = new AdamW(
            live.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)),
            options.WeightDecay
        );
    }

    /// <summary>The model that is trained.</summary>
    public TModel Live { get; }

    /// <summary>The averaged model: what is exported.</summary>
    public TModel Averaged { get; }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    /// <summary>Parameters that are trained.</summary>
    public long Parameters => Live.parameters().Sum(parameter => parameter.numel());

    /// <summary>One step on a batch of its own.</summary>
    /// <param name="samples">To choose the batch from.</param>
    /// <param name="learn">Gives the loss of a batch of samples, with its gradient, and in numbers.</param>
    /// <exception cref="TrainingException">Loss or gradient are not finite; the weights are as they were before the
    /// step.</exception>
    public TrainingLoss Train(int[] samples, Func<int[], WorldRandom, (Tensor Total, TrainingLoss Loss)> learn)
    {
        // What is random in a step follows from its number, so that a resumed training is the same as one in a piece.
        var random = new WorldRandom(_options.Seed, stream: Step);
        manual_seed((long)(random.NextBits() >> 1));
        using var scope = NewDisposeScope();
        var batch = new int[_options.BatchSize];
        foreach (ref var sample in batch.AsSpan())
            sample = samples[random.Below(samples.Length)];

        Live.train();
        Live.zero_grad();
        var (total, loss) = learn(batch, random);
        RequireFinite("loss", loss.Total);
        total.backward();
        RequireFinite("gradient", clip_grad_norm_(Live.parameters(), _options.ClipNorm));
        var rate = _options.RateAt(Step++);
        _optimizer.Step(Step, rate);
        _average.Update(Step);
        return loss;
    }

    /// <summary>True when every weight is finite, of the model that is trained and of its average.</summary>
    public bool IsFinite()
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        return Live.state_dict()
            .Values.Concat(Averaged.state_dict().Values)
            .All(weights => !weights.is_floating_point() || weights.isfinite().all().item<bool>());
    }

    /// <summary>Writes everything that the next step depends on.</summary>
    /// <param name="folder">Where to, which is there.</param>
    public void Store(string folder)
    {
        SafetensorsWriter.Write(Path.Combine(folder, TrainingFolder.LiveFile), Live.state_dict());
        SafetensorsWriter.Write(Path.Combine(folder, TrainingFolder.AverageFile), Averaged.state_dict());
        _optimizer.Store(Path.Combine(folder, TrainingFolder.OptimizerFile));
    }

    /// <summary>Takes over what <see cref="Store"/> wrote at some step.</summary>
    /// <param name="step">That step.</param>
    /// <param name="output">The policy's directory.</param>
    /// <exception cref="PolicyException">A file is damaged or of another kind of model.</exception>
    public void Restore(int step, string output)
    {
        Load(Live, TrainingFolder.LiveFile);
        Load(Averaged, TrainingFolder.AverageFile);
        _optimizer.Restore(TrainingFolder.File(output, TrainingFolder.OptimizerFile));
        Step = step;

        void Load(TModel model, string file)
        {
            using var checkpoint = SafetensorsCheckpoint.Open(TrainingFolder.File(output, file));
            StateDict.Load(model, checkpoint);
        }
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        Live.Dispose();
        Averaged.Dispose();
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
}
