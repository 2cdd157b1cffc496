using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenCvSharp;
using Spectre.Console;
using Vla.Runtime.Recording;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Commands;

/// <summary><c>vla dataset</c>: what is in a dataset, and what is wrong with it.</summary>
internal static class DatasetCommand
{
    private const int MostTasksShown = 20;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "The dataset's directory" };
        var sheet = new Option<string?>("--sheet")
        {
            HelpName = "FILE",
            Description = "Write a contact sheet: some episodes, moment by moment, as PNG",
        };
        var check = new Option<bool>("--check")
        {
            Description =
                "Look through all of it by the rules of LeRobot's loader: every number and every picture; one line for "
                + "each fault, exit code 1 if there is one",
        };
        var json = new Option<bool>("--json") { Description = "Say it as JSON" };
        var command = new Command(
            "dataset",
            "Show what is in a LeRobot dataset: episodes, tasks, lengths, features; or check all of it."
        )
        {
            directory,
            check,
            sheet,
            json,
            DatasetEdits.Delete(),
            DatasetEdits.Merge(),
            DatasetEdits.Split(),
            DatasetEdits.Convert(),
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(directory)!;
            if (parsed.GetValue(check))
            {
                if (parsed.GetValue(sheet) is not null)
                    throw new UsageException("--check and --sheet are two things: one after the other");
                return DatasetChecking.Run(path, parsed.GetValue(json));
            }

            using var dataset = LeRobotDataset.Open(path);
            if (dataset.Note is { } note)
                Console.Error.WriteLine($"vla: {note}");
            dataset.Check();
            if (parsed.GetValue(json))
                Console.WriteLine(Describe(dataset).ToJsonString(Indented));
            else
                Show(dataset);
            if (parsed.GetValue(sheet) is { } file)
                WriteSheet(dataset, file);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void WriteSheet(LeRobotDataset dataset, string file)
    {
        using var picture = ContactSheet.Draw(dataset);
        try
        {
            if (!Cv2.ImWrite(file, picture))
                throw new UsageException($"--sheet cannot be written to '{file}'");
        }
        catch (OpenCVException exception)
        {
            throw new UsageException(
                $"--sheet cannot be written to '{file}'; name a .png file in a directory that exists",
                exception
            );
        }

        Console.Error.WriteLine($"vla: contact sheet in {file}");
    }

    private static JsonObject Describe(LeRobotDataset dataset)
    {
        var (least, median, most) = Lengths(dataset);
        return new JsonObject
        {
            ["directory"] = dataset.Directory,
            ["robot_type"] = dataset.Info.RobotType,
            ["fps"] = dataset.Info.Fps,
            ["episodes"] = dataset.Episodes.Count,
            ["frames"] = dataset.Episodes.Sum(episode => (long)episode.Length),
            ["bytes"] = Bytes(dataset),
            ["length"] = new JsonObject
            {
                ["min"] = least,
                ["median"] = median,
                ["max"] = most,
            },
            ["tasks"] = new JsonArray([
                .. Tasks(dataset).Select(task => new JsonObject { ["task"] = task.Name, ["episodes"] = task.Episodes }),
            ]),
            ["features"] = new JsonObject(
                dataset.Info.Features.Select(feature =>
                    KeyValuePair.Create<string, JsonNode?>(
                        feature.Name,
                        new JsonArray([.. feature.Shape.Select(size => JsonValue.Create(size))])
                    )
                )
            ),
        };
    }

    private static void Show(LeRobotDataset dataset)
    {
        var (least, median, most) = Lengths(dataset);
        var fps = dataset.Info.Fps;
        var frames = dataset.Episodes.Sum(episode => (long)episode.Length);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{dataset.Directory}: {dataset.Info.RobotType ?? "a robot"}, {dataset.Episodes.Count:N0} episodes, "
                    + $"{frames:N0} frames at {fps:0.##} Hz ({TimeSpan.FromSeconds(frames / fps):h\\:mm\\:ss}), "
                    + $"{Bytes(dataset) / 1e6:N1} MB"
            )
        );
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"lengths: {least} to {most} frames, median {median}")
        );

        var features = new Table().RoundedBorder().AddColumns("feature", "shape", "names");
        foreach (var feature in dataset.Info.Features)
        {
            features.AddRow(
                Markup.Escape(feature.Name),
                $"{feature.Type} {string.Join('×', feature.Shape)}",
                Markup.Escape(string.Join(' ', (feature.Names ?? []).Take(8)))
            );
        }

        AnsiConsole.Write(features);
        var all = Tasks(dataset);
        var tasks = new Table().RoundedBorder().AddColumns("episodes", $"instruction ({all.Count:N0} different)");
        foreach (var task in all.Take(MostTasksShown))
            tasks.AddRow($"{task.Episodes}", Markup.Escape(task.Name));
        if (all.Count > MostTasksShown)
            tasks.AddRow("…", $"{all.Count - MostTasksShown:N0} more");
        AnsiConsole.Write(tasks);
    }

    private static List<(string Name, int Episodes)> Tasks(LeRobotDataset dataset) =>
        [
            .. dataset
                .Episodes.SelectMany(episode => episode.Tasks)
                .CountBy(task => task)
                .Select(pair => (Name: pair.Key, Episodes: pair.Value))
                .OrderByDescending(task => task.Episodes)
                .ThenBy(task => task.Name, StringComparer.Ordinal),
        ];

    private static (int Least, int Median, int Most) Lengths(LeRobotDataset dataset)
    {
        int[] lengths = [.. dataset.Episodes.Select(episode => episode.Length).Order()];
        return lengths.Length == 0 ? default : (lengths[0], lengths[lengths.Length / 2], lengths[^1]);
    }

    private static long Bytes(LeRobotDataset dataset) =>
        new DirectoryInfo(dataset.Directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
