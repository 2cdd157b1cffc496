using System.CommandLine;
using System.Globalization;
using Vla.Runtime.Recording;
using Vla.Sensors.Datasets;
using Vla.Sensors.Simulation.Demonstrations;

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla record</c>: a dataset of episodes, led by a person, by a policy, or by the scripted expert in the simulated
/// world.
/// </summary>
internal static class RecordCommand
{
    private const int SmallestImage = 32;
    private const int LargestImage = 480;
    private const int FewestByHand = 50;

    public static Command Create()
    {
        var output = new Option<string>("--output", "--dataset")
        {
            HelpName = "DIR",
            Description = "The dataset's directory; one that is there is continued where it fits",
            Required = true,
        };
        var episodes = new Option<int?>("--episodes")
        {
            HelpName = "N",
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"Episodes in all, 1 to {DemonstrationRecorder.MostEpisodes} (default: 100 demonstrations, "
                    + $"{FewestByHand} led ones)"
            ),
        };
        var live = new LiveEpisodes();
        var seed = new Option<long>("--seed")
        {
            HelpName = "S",
            Description = $"Demonstrations: 0 to {DemonstrationRecorder.LargestSeed}, others have other tables",
        };
        var level = new Option<string>("--level")
        {
            Description =
                "Demonstrations: how hard; both: every third episode level1, the others level2, as world:both in vla "
                + "train",
            DefaultValueFactory = _ => LevelMixture.Level1.Name,
        }.AcceptOnlyFromAmong([.. LevelMixture.All.Select(mixture => mixture.Name)]);
        var size = new Option<int>("--image-size")
        {
            HelpName = "PIXELS",
            Description =
                "Demonstrations: width and height of the pictures, an even number from "
                + $"{SmallestImage} to {LargestImage}",
            DefaultValueFactory = _ => 160,
        };
        var noise = new Option<string>("--noise")
        {
            Description = "Demonstrations: disturb the expert, so that it shows the way back",
            DefaultValueFactory = _ => "on",
        }.AcceptOnlyFromAmong("on", "off");
        var resume = new Option<bool>("--resume")
        {
            Description =
                "Demonstrations: go on with a dataset until it has all episodes; seed, level and noise must be those "
                + "it was begun with",
        };

        var command = new Command(
            "record",
            "Record a LeRobot dataset: episodes that somebody leads (--teleop), that a policy acts (--policy), or "
                + "demonstrations of the scripted expert in the simulated world."
        )
        {
            output,
            episodes,
        };
        live.AddTo(command);
        Option[] ofDemonstrations = [seed, level, size, noise];
        foreach (var option in (Option[])[.. ofDemonstrations, resume])
            command.Options.Add(option);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var directory = parsed.GetValue(output)!;
                if (live.IsMeant(parsed))
                {
                    if (
                        ofDemonstrations.FirstOrDefault(one => parsed.GetResult(one) is { Implicit: false }) is
                        { } wrong
                    )
                        throw new UsageException($"{wrong.Name} is for demonstrations without --teleop and --policy");
                    var many = Bounds.Require(
                        "--episodes",
                        parsed.GetValue(episodes) ?? FewestByHand,
                        1,
                        DemonstrationRecorder.MostEpisodes
                    );
                    return await live.RecordAsync(parsed, directory, many, cancellation);
                }

                var recorder = new DemonstrationRecorder
                {
                    Episodes = Bounds.Require(
                        "--episodes",
                        parsed.GetValue(episodes) ?? 100,
                        1,
                        DemonstrationRecorder.MostEpisodes
                    ),
                    Seed = Bounds.Require("--seed", parsed.GetValue(seed), 0, DemonstrationRecorder.LargestSeed),
                    Levels = LevelMixture.Find(parsed.GetValue(level)!)!,
                    ImageSize = Bounds.Require("--image-size", parsed.GetValue(size), SmallestImage, LargestImage),
                    Noisy = parsed.GetValue(noise) == "on",
                };
                return await RecordAsync(recorder, directory, parsed.GetValue(resume), cancellation);
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
