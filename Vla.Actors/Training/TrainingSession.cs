using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Torch;
using Vla.Sensors.Text;
using static TorchSharp.torch;

namespace Vla.Actors.Training;

/// <summary>A training with its output directory: a policy directory that can be used at any time, and what is needed to go on.</summary>
/// <remarks>
/// <c>model.safetensors</c>, <c>config.json</c> and <c>vocab.txt</c> are the policy as it is by now, with averaged weights.
/// <c>training/</c> holds everything that the next step depends on; it is replaced as a whole, so an interruption at any
/// moment leaves one that is whole. Resumed from there, on the same data and with the same number of threads, a training
/// ends with the same weights as one that was not interrupted.
/// </remarks>
public sealed class TrainingSession : IDisposable
{
    private const string StateFolder = "training";
    private const string LiveFile = "model.safetensors";
    private const string AverageFile = "average.safetensors";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string StateFile = "state.json";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

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
        var config = PolicyConfig.Read(Path.Combine(output, Policy.ConfigFile));
        Check(config, set);
        var tokenizer = InstructionTokenizer.Load(Path.Combine(output, Policy.VocabularyFile), config.SequenceLength, config.Padding);
        _trainer = new Trainer(config, tokenizer, set, options, device);
    }

    /// <summary>Steps done.</summary>
    public int Step => _trainer.Step;

    /// <summary>Steps in all.</summary>
    public int Steps => _options.Steps;

    public TrainingOptions Options => _options;

    /// <summary>Parameters that are trained.</summary>
    public long Parameters => _trainer.Parameters;

    public int TrainingSamples => _trainer.TrainingSamples;

    public int ValidationSamples => _trainer.ValidationSamples;

    /// <summary>True when <paramref name="output"/> holds a training to go on with.</summary>
    public static bool CanResume(string output) => FindState(output) is not null;

    /// <summary>Begins in a new directory.</summary>
    /// <param name="output">May exist when it is empty.</param>
    /// <param name="template">The <c>config.json</c> of a policy of the wanted kind; scales and words come from the data.</param>
    /// <param name="set">What is learnt from.</param>
    /// <param name="stepMs">Time from one recorded action to the next, milliseconds.</param>
    /// <param name="options">How long, how fast.</param>
    /// <param name="threads">That Torch may use; the session belongs to the thread that makes it.</param>
    /// <param name="device">Where Torch computes.</param>
    /// <exception cref="PolicyException">The template does not fit the data, or the directory cannot be used.</exception>
    public static TrainingSession Begin(
        string output, string template, TrainingSet set, double stepMs, TrainingOptions options, int threads, Device device)
    {
        if (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
            throw new PolicyException($"{output}: exists already and is not empty; choose a new directory, or go on with --resume");
        Writing(output, () =>
        {
            Directory.CreateDirectory(output);
            PolicyDraft.Write(template, output, set, stepMs);
        });
        return new TrainingSession(output, set, options, threads, device);
    }

    /// <summary>Goes on where the last save was.</summary>
    /// <exception cref="PolicyException">There is nothing to go on with, or the data are others.</exception>
    public static TrainingSession Resume(string output, TrainingSet set, int threads, Device device)
    {
        var folder = FindState(output) ?? throw new PolicyException($"{output}: holds no training to go on with; leave out --resume");
        var file = Path.Combine(folder, StateFile);
        var saved = ReadState(file);
        if (saved.Data != DataMark.Of(set))
            throw new PolicyException($"{file}: was trained on other data ({saved.Data}), these are {DataMark.Of(set)}; give the same dataset and flags");

        var session = new TrainingSession(output, set, saved.Options, threads, device);
        session._trainer.Restore(
            saved.Step, Path.Combine(folder, LiveFile), Path.Combine(folder, AverageFile), Path.Combine(folder, OptimizerFile));
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
        var folder = Path.Combine(_output, StateFolder);
        var (partial, old) = ($"{folder}.partial", $"{folder}.old");
        Writing(_output, () =>
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            Directory.CreateDirectory(partial);
            _trainer.Store(Path.Combine(partial, LiveFile), Path.Combine(partial, AverageFile), Path.Combine(partial, OptimizerFile));
            File.WriteAllText(Path.Combine(partial, StateFile), JsonSerializer.Serialize(new SavedState(Step, _options, _data), Json));
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            if (Directory.Exists(folder)) Directory.Move(folder, old);
            Directory.Move(partial, folder);
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            SafetensorsWriter.Write(
                Path.Combine(_output, Policy.WeightsFile), _trainer.Averaged.StageWeights(),
                new Dictionary<string, string> { ["format"] = "pt" });
            if (Step > 0) PolicyDraft.MarkTrained(_output);
        });
    }

    public void Dispose() => _trainer.Dispose();

    private static string? FindState(string output)
    {
        // Between the two renames of a save only the old one is there.
        var folder = Path.Combine(output, StateFolder);
        return new[] { folder, $"{folder}.old" }.FirstOrDefault(candidate => File.Exists(Path.Combine(candidate, StateFile)));
    }

    private static SavedState ReadState(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<SavedState>(Utf8Text.ReadBytes(file).Span, Json)
                ?? throw new PolicyException($"{file}: is empty; begin the training anew");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{file}: cannot be read ({ErrorText.FirstLine(e.Message)}); begin the training anew", e);
        }
    }

    private static void Check(PolicyConfig config, TrainingSet set)
    {
        var shape = set.Shape;
        Same("image.height", config.Image.Height, shape.Height);
        Same("image.width", config.Image.Width, shape.Width);
        Same("number of state.names", config.State.Dimensions, shape.State);
        Same("number of action.names", config.Action.Dimensions, shape.Actions);
        Same("action.horizon", config.Action.Horizon, shape.Horizon);

        static void Same(string what, int policy, int data)
        {
            if (policy != data) throw new PolicyException($"the policy's {what} is {policy}, the data's is {data}; change one of them");
        }
    }

    private static void Writing(string output, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{output}: cannot be written ({e.Message})", e);
        }
    }

    private sealed record SavedState(int Step, TrainingOptions Options, DataMark Data);

    /// <summary>Enough of a training set to notice that it is another one.</summary>
    private sealed record DataMark(int Samples, int Instructions, long LastEpisode)
    {
        public static DataMark Of(TrainingSet set) => new(set.Count, set.Instructions.Count, set.Count == 0 ? -1 : set.Episode(set.Count - 1));

        public override string ToString() => $"{Samples} pictures, {Instructions} instructions";
    }
}
