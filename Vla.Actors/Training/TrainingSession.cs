using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Training;

/// <summary>
/// A training with its output directory: a policy directory that can be used at any time, and what is needed to go on.
/// </summary>
/// <remarks>
/// <c>model.safetensors</c>, <c>config.json</c> and <c>vocab.txt</c> are the policy as it is by now, with averaged
/// weights. <c>training/</c> holds everything that the next step depends on; it is replaced as a whole, so an
/// interruption at any moment leaves one that is whole. Resumed from there, on the same data and with the same number
/// of threads, a training ends with the same weights as one that was not interrupted.
/// </remarks>
internal sealed class TrainingSession : ITrainingSession
{
    private readonly string _output;
    private readonly Trainer _trainer;
    private readonly TrainingOptions _options;
    private readonly DataMark _data;

    private TrainingSession(string output, TrainingSet set, TrainingOptions options, int threads, Device device)
    {
        TorchMemory.KeepFreed();
        TorchThreads.Use(threads);
        (_output, _options) = (output, options);
        _data = DataMark.Of(set);
        var config = PolicyConfig.Read(Path.Combine(output, StagedPolicy.ConfigFile));
        Check(config, set);
        CheckMemory(output, config);
        var tokenizer = InstructionTokenizer.Load(
            Path.Combine(output, StagedPolicy.VocabularyFile),
            config.SequenceLength,
            config.Padding
        );
        PolicyTrial.Run(output, config, tokenizer);
        _trainer = new Trainer(config, tokenizer, set, options, device);
    }

    /// <summary>Steps done.</summary>
    public int Step => _trainer.Trained.Step;

    int ITrainingSession.StepsDone => Step;

    /// <summary>Steps in all.</summary>
    public int Steps => _options.Steps;

    public TrainingOptions Options => _options;

    /// <summary>The policy's directory.</summary>
    public string Output => _output;

    /// <summary>Parameters that are trained.</summary>
    public long Parameters => _trainer.Trained.Parameters;

    public int TrainingSamples => _trainer.TrainingSamples;

    public int ValidationSamples => _trainer.ValidationSamples;

    /// <summary>True when <paramref name="output"/> holds a training to go on with.</summary>
    public static bool CanResume(string output) => TrainingFolder.Find(output) is not null;

    /// <summary>What a training was begun with, and the steps it has done by its last save.</summary>
    /// <exception cref="PolicyException">There is none, or its state cannot be read.</exception>
    public static (TrainingOptions Options, int Step) Begun(string output)
    {
        var saved = TrainingFolder.Read(output);
        return (saved.Options, saved.Step);
    }

    /// <summary>Begins in a new directory.</summary>
    /// <param name="output">May exist when it is empty, or holds a training that was ended before its first
    /// save.</param>
    /// <param name="template">The <c>config.json</c> of a policy of the wanted kind; scales and words come from the
    /// data.</param>
    /// <param name="set">What is learnt from.</param>
    /// <param name="columns">What the template leaves open, and the time from one action to the next.</param>
    /// <param name="options">How long, how fast.</param>
    /// <param name="threads">That Torch may use; the session belongs to the thread that makes it.</param>
    /// <param name="device">Where Torch computes.</param>
    /// <exception cref="PolicyException">The template does not fit the data, or the directory cannot be
    /// used.</exception>
    public static TrainingSession Begin(
        string output,
        string template,
        TrainingSet set,
        DataColumns columns,
        TrainingOptions options,
        int threads,
        Device device
    )
    {
        if (set.Count == 0)
            throw new PolicyException("the data hold no picture to learn from");
        return TrainingFolder.Begin(
            output,
            () => PolicyDraft.Write(template, output, set, columns),
            () => new TrainingSession(output, set, options, threads, device),
            session => session.ReplaceState(_ => { })
        );
    }

    /// <summary>Goes on where the last save was.</summary>
    /// <exception cref="PolicyException">There is nothing to go on with, or the data are others.</exception>
    /// <param name="output">The policy's directory.</param>
    /// <param name="set">The same data.</param>
    /// <param name="threads">As for <see cref="Begin"/>.</param>
    /// <param name="device">As for <see cref="Begin"/>.</param>
    /// <param name="steps">In place of the steps in all that it was begun with; more than those it has done.</param>
    public static TrainingSession Resume(string output, TrainingSet set, int threads, Device device, int? steps = null)
    {
        var saved = TrainingFolder.ReadFor(output, set);
        var session = new TrainingSession(
            output,
            set,
            saved.Options with
            {
                Steps = steps ?? saved.Options.Steps,
            },
            threads,
            device
        );
        if (saved.Step == 0)
            return session;
        session._trainer.Trained.Restore(saved.Step, output);
        return session;
    }

    /// <summary>One step.</summary>
    public TrainingLoss Train() => _trainer.Train();

    /// <summary>The averaged model's loss on episodes it was not trained on; NaN when none were kept apart.</summary>
    public TrainingLoss Validate() => _trainer.Validate();

    /// <summary>Saves the policy as it is, and what is needed to go on.</summary>
    /// <exception cref="PolicyException">A file cannot be written.</exception>
    public void Save()
    {
        TrainingFolder.Writing(
            _output,
            () =>
            {
                ReplaceState(_trainer.Trained.Store);
                SafetensorsWriter.Write(
                    Path.Combine(_output, StagedPolicy.WeightsFile),
                    _trainer.Trained.Averaged.StageWeights(),
                    new Dictionary<string, string> { ["format"] = "pt" }
                );
                if (Step > 0)
                    PolicyDraft.MarkTrained(_output);
            }
        );
    }

    /// <summary>Saves if the weights are finite; otherwise what was saved before stays.</summary>
    /// <returns>Whether it was saved.</returns>
    /// <exception cref="PolicyException">A file cannot be written.</exception>
    public bool TrySave()
    {
        if (!_trainer.Trained.IsFinite())
            return false;
        Save();
        return true;
    }

    public void Dispose() => _trainer.Dispose();

    private void ReplaceState(Action<string> store) =>
        TrainingFolder.Replace(_output, new SavedState(Step, _options, _data), store);

    private static void Check(PolicyConfig config, TrainingSet set)
    {
        var shape = set.Shape;
        Same("number of images", config.Channels / 3, shape.Cameras);
        Same("image.height", config.Image.Height, shape.Height);
        Same("image.width", config.Image.Width, shape.Width);
        Same("number of state.names", config.State.Dimensions, shape.State);
        Same("number of action.names", config.Action.Dimensions, shape.Actions);
        Same("action.horizon", config.Action.Horizon, shape.Horizon);

        static void Same(string what, int policy, int data)
        {
            if (policy != data)
                throw new PolicyException($"the policy's {what} is {policy}, the data's is {data}; change one of them");
        }
    }

    // Weights, their average, a gradient and two moments, four bytes each.
    private static void CheckMemory(string output, PolicyConfig config)
    {
        const int bytesForEach = 20;
        var parameters =
            (Int128)config.Vision.LeastParameters
            + config.Language.LeastParameters
            + config.Fusion.LeastParameters
            + config.Decoder.LeastParameters;
        var there = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (parameters * bytesForEach <= there)
            return;
        throw new PolicyException(
            $"{Path.Combine(output, StagedPolicy.ConfigFile)}: the sizes of its stages ask for at least "
                + $"{parameters:N0} parameters, "
                + $"more than can be trained in the machine's {there / 1e9:F0} GB of memory; make them smaller"
        );
    }
}
