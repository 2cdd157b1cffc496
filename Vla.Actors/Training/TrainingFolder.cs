using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Sensors.Text;

namespace Vla.Actors.Training;

/// <summary>
/// What a training keeps in its output directory to go on with: <c>training/</c>, replaced as a whole.
/// </summary>
/// <remarks>An interruption at any moment leaves a state that is whole: the old one or the new one.</remarks>
internal static class TrainingFolder
{
    public const string LiveFile = "model.safetensors";
    public const string AverageFile = "average.safetensors";
    public const string OptimizerFile = "optimizer.safetensors";

    private const string StateFolder = "training";
    private const string StateFile = "state.json";
    private const string Partial = ".partial";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Begins a training in a new directory; nothing is left behind where that fails.</summary>
    /// <param name="output">May exist when it is empty, or holds a training that was ended before its first
    /// save.</param>
    /// <param name="draft">Writes what is known of the policy before it is trained.</param>
    /// <param name="create">Makes the session.</param>
    /// <param name="store">Saves its state: it has no weights yet, but they follow from the seed.</param>
    public static TSession Begin<TSession>(string output, Action draft, Func<TSession> create, Action<TSession> store)
        where TSession : class, IDisposable
    {
        TSession? session = null;
        var isBegun = false;
        try
        {
            Writing(
                output,
                () =>
                {
                    Clear(output);
                    // First of all: whatever ends the process from here on, the directory says that it was only begun.
                    Directory.CreateDirectory(Path.Combine(output, $"{StateFolder}{Partial}"));
                    isBegun = true;
                    draft();
                }
            );
            session = create();
            Writing(output, () => store(session));
            return session;
        }
        catch
        {
            session?.Dispose();
            if (isBegun)
                Writing(output, () => Clear(output));
            throw;
        }
    }

    /// <summary>The folder of a state; null where there is none.</summary>
    public static string? Find(string output)
    {
        // Between the two renames of a save only the old one is there.
        var folder = Path.Combine(output, StateFolder);
        return new[] { folder, $"{folder}.old" }.FirstOrDefault(candidate =>
            System.IO.File.Exists(Path.Combine(candidate, StateFile))
        );
    }

    /// <summary>A file of the state.</summary>
    public static string File(string output, string name) => Path.Combine(Require(output), name);

    /// <exception cref="PolicyException">There is none, or it cannot be read.</exception>
    public static SavedState Read(string output) => ReadState(Path.Combine(Require(output), StateFile));

    /// <summary>The same for data that have to be those that it was trained on.</summary>
    /// <exception cref="PolicyException">They are others.</exception>
    public static SavedState ReadFor(string output, TrainingSet set)
    {
        var saved = Read(output);
        var data = DataMark.Of(set);
        if (saved.Data.Fits(data))
            return saved;
        var same = saved.Data with { Content = null } == data with { Content = null };
        throw new PolicyException(
            $"{File(output, StateFile)}: was trained on other data ({saved.Data}), these are "
                + $"{(same ? "as many, with another content" : data)}; "
                + "give the same dataset and flags"
        );
    }

    /// <summary>Replaces the state.</summary>
    /// <param name="output">The policy's directory.</param>
    /// <param name="saved">How far it is.</param>
    /// <param name="store">Writes weights and moments into the folder that it is given.</param>
    public static void Replace(string output, SavedState saved, Action<string> store)
    {
        var folder = Path.Combine(output, StateFolder);
        var (partial, old) = ($"{folder}{Partial}", $"{folder}.old");
        try
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
            Directory.CreateDirectory(partial);
            store(partial);
            DurableFile.Write(Path.Combine(partial, StateFile), JsonSerializer.Serialize(saved, Json));
        }
        catch
        {
            // A disk that is full needs the room.
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
            throw;
        }

        if (Directory.Exists(old))
            Directory.Delete(old, recursive: true);
        if (Directory.Exists(folder))
            Directory.Move(folder, old);
        Directory.Move(partial, folder);
        if (Directory.Exists(old))
            Directory.Delete(old, recursive: true);
    }

    /// <exception cref="PolicyException">In place of what says that a file cannot be written.</exception>
    public static void Writing(string output, Action write)
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

    // Makes way for a beginning: only what a training left that had saved no weights yet.
    private static void Clear(string output)
    {
        if (!Directory.Exists(output))
            return;
        var entries = Directory.EnumerateFileSystemEntries(output).Select(entry => Path.GetFileName(entry)!).ToList();
        var begun = Find(output) is { } folder
            ? ReadState(Path.Combine(folder, StateFile)).Step == 0
            : entries.Contains($"{StateFolder}{Partial}");
        if (entries.Count > 0 && !(begun && entries.TrueForAll(IsOfDraft)))
            throw new PolicyException(
                $"{output}: exists already and is not empty; choose a new directory, or go on with --resume"
            );
        foreach (var path in entries.Select(entry => Path.Combine(output, entry)))
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else
                System.IO.File.Delete(path);
        }
    }

    // Anything but weights: those are somebody's.
    private static bool IsOfDraft(string entry)
    {
        var name = entry.EndsWith(Partial, StringComparison.Ordinal) ? entry[..^Partial.Length] : entry;
        return name
                is StateFolder
                    or PolicyKind.ConfigFile
                    or "vocab.txt"
                    or "vla_names.json"
                    or "loss.csv"
                    or "loss.png"
            || name.StartsWith("policy_preprocessor", StringComparison.Ordinal)
            || name.StartsWith("policy_postprocessor", StringComparison.Ordinal);
    }

    private static string Require(string output) =>
        Find(output) ?? throw new PolicyException($"{output}: holds no training to go on with; leave out --resume");

    private static SavedState ReadState(string file)
    {
        try
        {
            var saved =
                JsonSerializer.Deserialize<SavedState>(Utf8Text.ReadBytes(file).Span, Json)
                ?? throw new PolicyException($"{file}: is empty; begin the training anew");
            var problems = new List<ValidationResult>();
            if (saved.Step < 0)
                throw new PolicyException($"{file}: step is {saved.Step}; begin the training anew");
            if (
                !Validator.TryValidateObject(
                    saved.Options,
                    new ValidationContext(saved.Options),
                    problems,
                    validateAllProperties: true
                )
            )
                throw new PolicyException($"{file}: {problems[0].ErrorMessage} Begin the training anew");
            return saved;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new PolicyException(
                $"{file}: cannot be read ({ErrorText.FirstLine(e.Message)}); begin the training anew",
                e
            );
        }
    }
}
