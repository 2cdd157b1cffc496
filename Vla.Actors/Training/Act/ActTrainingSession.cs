using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Training.Act;

/// <summary>
/// The training of an ACT policy with its output directory: at any time a checkpoint that LeRobot itself loads, and
/// what is needed to go on.
/// </summary>
/// <remarks>As <see cref="TrainingSession"/> does for Vla's own policies; <c>training/</c> is LeRobot's not to
/// know.</remarks>
internal sealed class ActTrainingSession : ITrainingSession
{
    private readonly ActTrainer _trainer;
    private readonly DataMark _data;

    private ActTrainingSession(
        string output,
        TrainingSet set,
        ActDraft draft,
        TrainingOptions options,
        ActFirstBackbone backbone,
        int threads,
        Device device
    )
    {
        TorchMemory.KeepFreed();
        TorchThreads.Use(threads);
        (Output, Options) = (output, options);
        _data = DataMark.Of(set);
        _trainer = new ActTrainer(output, set, draft.Template, options, backbone, device);
    }

    public int StepsDone => _trainer.Trained.Step;

    public int Steps => Options.Steps;

    public TrainingOptions Options { get; }

    public string Output { get; }

    public long Parameters => _trainer.Trained.Parameters;

    public int TrainingSamples => _trainer.TrainingSamples;

    public int ValidationSamples => _trainer.ValidationSamples;

    /// <summary>Begins in a new directory.</summary>
    /// <param name="output">May exist when it is empty, or holds a training that was ended before its first
    /// save.</param>
    /// <param name="draft">What is to be trained.</param>
    /// <param name="set">What is learnt from.</param>
    /// <param name="options">How long, how fast.</param>
    /// <param name="backbone">Weights of a vision backbone that somebody has trained; null for a new one.</param>
    /// <param name="threads">That Torch may use; the session belongs to the thread that makes it.</param>
    /// <param name="device">Where Torch computes.</param>
    /// <param name="width">Channels after a new backbone's first convolution; ResNet-18's when it is null.</param>
    /// <exception cref="PolicyException">Something does not fit, or the directory cannot be used.</exception>
    public static ActTrainingSession Begin(
        string output,
        ActDraft draft,
        TrainingSet set,
        TrainingOptions options,
        string? backbone,
        int threads,
        Device device,
        int? width = null
    )
    {
        if (set.Count == 0)
            throw new PolicyException("the data hold no picture to learn from");
        var eye = backbone is null
            ? ActFirstBackbone.Fresh(width ?? ActFirstBackbone.ResNet18Width)
            : ActFirstBackbone.From(backbone);
        return TrainingFolder.Begin(
            output,
            () => draft.Write(output, set),
            () => new ActTrainingSession(output, set, draft, options, eye, threads, device),
            // The first weights do not follow from the seed alone: a backbone's file may be gone by then.
            session => session.SaveState()
        );
    }

    /// <summary>Goes on where the last save was.</summary>
    /// <param name="output">The policy's directory.</param>
    /// <param name="draft">As <see cref="ActDraft.Begun"/> gives it.</param>
    /// <param name="set">The same data.</param>
    /// <param name="threads">As for <see cref="Begin"/>.</param>
    /// <param name="device">As for <see cref="Begin"/>.</param>
    /// <param name="steps">In place of the steps in all that it was begun with; more than those it has done.</param>
    /// <exception cref="PolicyException">There is nothing to go on with, or the data are others.</exception>
    public static ActTrainingSession Resume(
        string output,
        ActDraft draft,
        TrainingSet set,
        int threads,
        Device device,
        int? steps = null
    )
    {
        var saved = TrainingFolder.ReadFor(output, set);
        var live = TrainingFolder.File(output, TrainingFolder.LiveFile);
        var eye = new ActFirstBackbone(
            () =>
            {
                using var weights = SafetensorsCheckpoint.Open(live);
                return ActBackbone.For(weights, "backbone.");
            },
            NeedsCalibration: false
        );
        var options = saved.Options with { Steps = steps ?? saved.Options.Steps };
        var session = new ActTrainingSession(output, set, draft, options, eye, threads, device);
        session._trainer.Trained.Restore(saved.Step, output);
        return session;
    }

    public TrainingLoss Train() => _trainer.Train();

    public TrainingLoss Validate() => _trainer.Validate();

    /// <summary>Saves the policy as it is, and what is needed to go on.</summary>
    /// <exception cref="PolicyException">A file cannot be written.</exception>
    public void Save() =>
        TrainingFolder.Writing(
            Output,
            () =>
            {
                SaveState();
                SafetensorsWriter.Write(
                    Path.Combine(Output, PolicyKind.WeightsFile),
                    _trainer
                        .Trained.Averaged.state_dict()
                        .ToDictionary(entry => ActCheckpoint.Prefix + entry.Key, entry => entry.Value),
                    new Dictionary<string, string> { ["format"] = "pt" }
                );
            }
        );

    public bool TrySave()
    {
        if (!_trainer.Trained.IsFinite())
            return false;
        Save();
        return true;
    }

    public void Dispose() => _trainer.Dispose();

    private void SaveState() =>
        TrainingFolder.Replace(Output, new SavedState(StepsDone, Options, _data), _trainer.Trained.Store);
}
