using System.Globalization;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act;
using Vla.Actors.Training.Act;

namespace Vla.Runtime.Learning;

/// <summary><c>vla train --policy act</c>: LeRobot's ACT from a recorded dataset.</summary>
/// <param name="Template">A <c>config.json</c> for the sizes; null for LeRobot's defaults.</param>
/// <param name="Backbone">Weights of a vision backbone; null for a new one.</param>
/// <param name="Size">Of every camera's pictures; null for the recorded sizes.</param>
internal sealed record ActTraining(string? Template, string? Backbone, (int Width, int Height)? Size)
{
    /// <summary>What <c>--policy</c> takes.</summary>
    public const string Name = ActPolicy.Type;

    /// <summary>
    /// Highest learning rate where nobody says another: ten times LeRobot's, since it falls along a cosine here.
    /// </summary>
    public const double LearningRate = 1e-4;

    private const int SmallestSide = 32;
    private const int LargestSide = 4_096;

    /// <summary>Whether a directory holds a training of ACT.</summary>
    public static bool IsIn(string directory) =>
        File.Exists(Path.Combine(directory, PolicyKind.ConfigFile))
        && PolicyKind.Of(directory) is { Format: PolicyFormat.LeRobot, Type: ActPolicy.Type };

    /// <summary><c>640x480</c>; null for nothing.</summary>
    /// <exception cref="UsageException">It is no size.</exception>
    public static (int Width, int Height)? ReadSize(string? text)
    {
        if (text is null)
            return null;
        var sides = text.Split('x')
            .Select(side =>
                int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) ? pixels : 0
            )
            .ToArray();
        return
            sides
                is [>= SmallestSide and <= LargestSide and var width, >= SmallestSide and <= LargestSide and var height]
            ? (width, height)
            : throw new UsageException(
                $"--picture-size is '{text}': allowed is WIDTHxHEIGHT, each {SmallestSide} to {LargestSide}, such as "
                    + "320x240"
            );
    }

    /// <summary>Reads the data and begins, or goes on.</summary>
    /// <exception cref="UsageException">The data are none that it can learn from.</exception>
    /// <exception cref="PolicyException">Something does not fit.</exception>
    public ActTrainingSession Begin(Beginning begin, TrainingProgress progress, CancellationToken cancellation)
    {
        if (begin.Source is not RecordedLessons recorded)
            throw new UsageException(
                "--policy act learns from a recorded dataset, and takes no words: record one (vla record, vla run "
                    + "--record) and give its directory"
            );
        // What only a simulator knows are several instructions for one picture: of no use to a policy without words.
        begin = begin with
        {
            Source = recorded.WithoutExpert(),
        };
        var columns = begin.Columns;
        if (recorded.Camera is { } only && columns.WantedCameras is null)
            columns = columns with { WantedCameras = [RecordedLessons.NameOf(only)] };
        if (begin.Resume)
        {
            var going = ActDraft.Begun(begin.Output, columns);
            var same = begin.Read(going.Template, progress, cancellation);
            return ActTrainingSession.Resume(
                begin.Output,
                going,
                same,
                begin.Threads,
                begin.Device,
                begin.Options.Steps
            );
        }

        var file = Directory.Exists(Template) ? Path.Combine(Template, PolicyKind.ConfigFile) : Template;
        var draft = ActDraft.Of(file, columns, SizeOf);
        var set = begin.Read(draft.Template, progress, cancellation);
        if (Backbone is null)
            progress.Say(
                "the vision backbone is a new one and learns from nothing: with --backbone FILE (torchvision's "
                    + "resnet18) it learns much faster"
            );
        if (set.Instructions.Count > 1)
            progress.Say(
                $"the data have {set.Instructions.Count} instructions, and ACT takes no words: it will not know "
                    + "which is meant"
            );
        return ActTrainingSession.Begin(begin.Output, draft, set, begin.Options, Backbone, begin.Threads, begin.Device);

        (int Width, int Height) SizeOf(string camera) =>
            Size
            ?? (
                columns.Sizes.TryGetValue(camera, out var size)
                    ? size
                    : throw new UsageException(
                        columns.Cameras.Contains(camera)
                            ? $"the dataset does not say how large the pictures of {camera} are: give --picture-size"
                            : $"the dataset has no camera '{camera}': it has {string.Join(", ", columns.Cameras)}"
                    )
            );
    }
}
