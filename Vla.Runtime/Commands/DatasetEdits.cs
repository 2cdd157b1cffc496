using System.CommandLine;
using Vla.Runtime.Recording;
using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Edits;

namespace Vla.Runtime.Commands;

/// <summary><c>vla dataset delete, merge, split, convert</c>: datasets made of others' episodes.</summary>
internal static class DatasetEdits
{
    public static Command Delete()
    {
        var directory = Directory();
        var episodes = new Option<string>("--episodes")
        {
            HelpName = "N,N-N",
            Description = "Those that go, counted from 0: 3,7-9",
            Required = true,
        };
        var output = Output("The dataset without them; nothing may be there", isRequired: false);
        var inPlace = new Option<bool>("--in-place")
        {
            Description = "Put the new dataset in the old one's place, in one step, once it is whole",
        };
        var command = new Command(
            "delete",
            "Write a dataset without some of its episodes; the others are numbered anew."
        )
        {
            directory,
            episodes,
            output,
            inPlace,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Task.Run(
                    () =>
                    {
                        var path = parsed.GetValue(directory)!;
                        var target = parsed.GetValue(output);
                        if (target is null != parsed.GetValue(inPlace))
                            throw new UsageException("say where the new dataset goes: --output NEW, or --in-place");
                        using var dataset = Open(path);
                        var gone = Numbers(parsed.GetValue(episodes)!, dataset);
                        EpisodePick[] picks =
                        [
                            .. dataset
                                .Episodes.Where(one => !gone.Contains(one.Index))
                                .Select(one => Pick(dataset, one)),
                        ];
                        var notes = target is null
                            ? DatasetAssembly.Replace(path, picks, Progress(picks), cancellation)
                            : DatasetAssembly.Write(target, picks, Progress(picks), cancellation);
                        Say(target ?? path, picks, notes);
                        return ExitCodes.Success;
                    },
                    cancellation
                )
        );
        return command;
    }

    public static Command Merge()
    {
        var directories = new Argument<string[]>("DIR")
        {
            Description = "The datasets, two or more, in the order their episodes shall have",
            Arity = new ArgumentArity(2, 1000),
        };
        var output = Output("The dataset with all episodes; nothing may be there", isRequired: true);
        var command = new Command("merge", "Write one dataset with the episodes of several of the same features.")
        {
            directories,
            output,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Task.Run(
                    () =>
                    {
                        List<LeRobotDataset> sources = [];
                        try
                        {
                            foreach (var path in parsed.GetValue(directories)!)
                                sources.Add(Open(path));
                            EpisodePick[] picks =
                            [
                                .. sources.SelectMany(source => source.Episodes.Select(one => Pick(source, one))),
                            ];
                            Write(parsed.GetValue(output)!, picks, cancellation);
                        }
                        finally
                        {
                            sources.ForEach(source => source.Dispose());
                        }

                        return ExitCodes.Success;
                    },
                    cancellation
                )
        );
        return command;
    }

    public static Command Split()
    {
        var directory = Directory();
        var parts = new Argument<string[]>("PART")
        {
            Description = "NAME=SHARE or NAME=EPISODES: train=0.8 test=0.2, or train=0-79 test=80-99",
            Arity = new ArgumentArity(1, 1000),
        };
        var output = Output("A folder with a dataset for each part; nothing may be in their places", isRequired: true);
        var command = new Command("split", "Write a dataset's episodes as several datasets.")
        {
            directory,
            parts,
            output,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Task.Run(
                    () =>
                    {
                        using var dataset = Open(parsed.GetValue(directory)!);
                        var wanted = DatasetPart.Parse(parsed.GetValue(parts)!, dataset.Episodes.Count);
                        var folder = parsed.GetValue(output)!;
                        foreach (var part in wanted.Where(part => Path.Exists(Path.Combine(folder, part.Name))))
                            throw new UsageException(
                                $"'{Path.Combine(folder, part.Name)}' is there already: name another --output"
                            );
                        System.IO.Directory.CreateDirectory(folder);
                        foreach (var part in wanted)
                            Write(
                                Path.Combine(folder, part.Name),
                                [.. part.Episodes.Select(index => Pick(dataset, dataset.Episodes[index]))],
                                cancellation
                            );
                        return ExitCodes.Success;
                    },
                    cancellation
                )
        );
        return command;
    }

    public static Command Convert()
    {
        var directory = Directory();
        var output = Output("The dataset of version 3.0; nothing may be there", isRequired: true);
        var command = new Command("convert", "Write a dataset of LeRobot's version 2.1, or any other, as one of 3.0.")
        {
            directory,
            output,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Task.Run(
                    () =>
                    {
                        using var dataset = Open(parsed.GetValue(directory)!);
                        EpisodePick[] picks = [.. dataset.Episodes.Select(one => Pick(dataset, one))];
                        Write(parsed.GetValue(output)!, picks, cancellation);
                        return ExitCodes.Success;
                    },
                    cancellation
                )
        );
        return command;
    }

    private static Argument<string> Directory() => new("DIR") { Description = "The dataset's directory" };

    private static Option<string?> Output(string what, bool isRequired) =>
        new("--output")
        {
            HelpName = "NEW",
            Description = what,
            Required = isRequired,
        };

    private static LeRobotDataset Open(string path)
    {
        var dataset = LeRobotDataset.Open(path);
        if (dataset.Note is { } note)
            Console.Error.WriteLine($"vla: {note}");
        return dataset;
    }

    private static IReadOnlyList<int> Numbers(string text, LeRobotDataset dataset) =>
        EpisodeNumbers.TryParse(text, dataset.Episodes.Count)
        ?? throw new UsageException($"--episodes is '{text}': write numbers and ranges, such as 3,7-9");

    private static EpisodePick Pick(LeRobotDataset source, DatasetEpisode episode) => new(source, episode);

    private static void Write(string target, IReadOnlyList<EpisodePick> picks, CancellationToken cancellation) =>
        Say(target, picks, DatasetAssembly.Write(target, picks, Progress(picks), cancellation));

    /// <summary>Of edits that take their time; a short one is done before there is anything to say.</summary>
    private static Action<int, long> Progress(IReadOnlyList<EpisodePick> picks) =>
        new RecordingProgress(
            Console.Error,
            !Console.IsErrorRedirected,
            picks.Count,
            TimeProvider.System,
            quiet: TimeSpan.FromSeconds(2)
        ).Say;

    private static void Say(string target, IReadOnlyList<EpisodePick> picks, IReadOnlyList<string> notes)
    {
        foreach (var note in notes)
            Console.Error.WriteLine($"vla: {note}");
        var frames = picks.Sum(pick => (long)pick.Episode.Length);
        var episodes = DatasetChecking.Counted(picks.Count, "episode");
        Console.WriteLine($"{target}: {episodes}, {DatasetChecking.Counted(frames, "frame")}");
    }
}
