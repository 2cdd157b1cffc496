using System.CommandLine;
using System.Globalization;
using Vla.Runtime.Recording;
using Vla.Sensors.Datasets;
using Vla.Sensors.Simulation.Demonstrations;

namespace Vla.Runtime.Commands;

/// <summary><c>vla record</c>: demonstrations of the scripted expert in the simulated world, as a dataset.</summary>
public static class RecordCommand
{
    private const int SmallestImage = 32;
    private const int LargestImage = 480;

    public static Command Create()
    {
        var output = new Option<string>("--output")
        {
            HelpName = "DIR",
            Description = "The dataset's directory",
            Required = true,
        };
        var episodes = new Option<int>("--episodes")
        {
            HelpName = "N",
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"Episodes in all, 1 to {DemonstrationRecorder.MostEpisodes}"
            ),
            DefaultValueFactory = _ => 100,
        };
        var seed = new Option<long>("--seed")
        {
            HelpName = "S",
            Description = $"0 to {DemonstrationRecorder.LargestSeed}: others have other tables",
        };
        var level = new Option<string>("--level")
        {
            Description = "How hard; both: every third episode level1, the others level2, as world:both in vla train",
            DefaultValueFactory = _ => LevelMixture.Level1.Name,
        }.AcceptOnlyFromAmong([.. LevelMixture.All.Select(mixture => mixture.Name)]);
        var size = new Option<int>("--image-size")
        {
            HelpName = "PIXELS",
            Description = $"Width and height of the pictures, an even number from {SmallestImage} to {LargestImage}",
            DefaultValueFactory = _ => 160,
        };
        var noise = new Option<string>("--noise")
        {
            Description = "Disturb the expert, so that it shows the way back",
            DefaultValueFactory = _ => "on",
        }.AcceptOnlyFromAmong("on", "off");
        var resume = new Option<bool>("--resume")
        {
            Description =
                "Go on with a dataset until it has all episodes; seed, level and noise must be those it was begun with",
        };

        var command = new Command(
            "record",
            "Record demonstrations of the scripted expert in the simulated world as a LeRobot dataset."
        )
        {
            output,
            episodes,
            seed,
            level,
            size,
            noise,
            resume,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var recorder = new DemonstrationRecorder
                {
                    Episodes = Bounds.Require(
                        "--episodes",
                        parsed.GetValue(episodes),
                        1,
                        DemonstrationRecorder.MostEpisodes
                    ),
                    Seed = Bounds.Require("--seed", parsed.GetValue(seed), 0, DemonstrationRecorder.LargestSeed),
                    Levels = LevelMixture.Find(parsed.GetValue(level)!)!,
                    ImageSize = Bounds.Require("--image-size", parsed.GetValue(size), SmallestImage, LargestImage),
                    Noisy = parsed.GetValue(noise) == "on",
                };
                return await RecordAsync(recorder, parsed.GetValue(output)!, parsed.GetValue(resume), cancellation);
            }
        );
        return command;
    }

    private static async Task<int> RecordAsync(
        DemonstrationRecorder recorder,
        string directory,
        bool resume,
        CancellationToken cancellation
    )
    {
        var features = DemonstrationFeatures.All(recorder.ImageSize);
        using var writer =
            resume && DatasetWriter.Exists(directory)
                ? DatasetWriter.Append(directory, DemonstrationFeatures.Fps, features)
                : DatasetWriter.Create(directory, DemonstrationFeatures.Fps, DemonstrationFeatures.RobotType, features);
        recorder.Request.Claim(directory, writer.Episodes);
        if (writer.Note is { } note)
            Console.Error.WriteLine($"vla: {note}");
        var before = writer.Frames;
        var progress = new RecordingProgress(
            Console.Error,
            !Console.IsErrorRedirected,
            recorder.Episodes,
            TimeProvider.System
        );
        try
        {
            await recorder.RecordAsync(
                writer,
                () => progress.Say(writer.Episodes, writer.Frames - before),
                cancellation
            );
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine();
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{directory}: {writer.Episodes:N0} episodes, {writer.Frames:N0} frames"
            )
        );
        if (writer.Episodes < recorder.Episodes)
            Console.WriteLine($"Interrupted; the same command with --resume goes on to {recorder.Episodes}.");
        return ExitCodes.Success;
    }
}
