using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenCvSharp;
using Spectre.Console;
using Vla.Runtime.Recording;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Commands;

/// <summary><c>vla dataset</c>: what is in a dataset.</summary>
public static class DatasetCommand
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
        var json = new Option<bool>("--json") { Description = "Say it as JSON" };
        var command = new Command(
            "dataset",
            "Check a LeRobot dataset and show what is in it: episodes, tasks, lengths, features."
        )
        {
            directory,
            sheet,
            json,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(directory)!;
            using var dataset = LeRobotDataset.Open(path);
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
