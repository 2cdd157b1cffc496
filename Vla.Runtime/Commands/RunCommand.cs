using System.Collections;
using System.CommandLine;
using System.Globalization;
using Vla.Runtime.Hosting;
using Vla.Runtime.Outputs;
using Vla.Runtime.Policies;
using Vla.Runtime.Registries;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Commands;

/// <summary><c>vla run</c>: the controller, until it is told to end.</summary>
public static class RunCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config")
        {
            HelpName = "FILE",
            Description = "Settings file (default: config/vla.json)",
        };
        var outputs = new Option<string[]>("--output")
        {
            HelpName = "OUTPUT",
            Description = $"Where actions go: {OutputRegistry.Help}; may be given several times",
        };
        var cameras = new Option<string[]>("--camera")
        {
            HelpName = "[NAME=]CAMERA",
            Description =
                $"{CameraRegistry.Help}; several each with a name (--camera front=0 --camera wrist=2), one without is "
                + "called front",
        };
        var libraries = PolicyOptions.Libraries();
        var flags = new (Option<string?> Option, string Key)[]
        {
            (Flag("--world", "LEVEL", "level1 or level2 of the simulated tabletop (default: level1)"), "world:level"),
            (
                Flag("--world-seed", "N", "Seed of the simulated tabletop's first table (default: 2000000000)"),
                "world:seed"
            ),
            (Flag("--instruction", "TEXT", "The first instruction, in plain words"), "instruction"),
            (
                Flag("--policy", "POLICY", $"What decides: {PolicyRegistry.Help} (default: one that fits the camera)"),
                "policy"
            ),
            (
                Flag(
                    "--policy-step",
                    "MS",
                    "Time between two actions of a LeRobot policy's chunks, where neither it nor the robot's profile "
                        + "says: 1000 divided by the fps of its training data"
                ),
                "policyStepMs"
            ),
            (
                Flag("--robot", "ROBOT", $"What is driven: {RobotRegistry.Help} (default: one that fits the camera)"),
                "robot"
            ),
            (Flag("--rate", "HZ", "Actions a second, 1 to 1000 (default: 50)"), "control:rateHz"),
            (
                Flag("--max-age", "MS", "Oldest picture an action may come from, 1 to 60000 ms (default: 200)"),
                "control:maximumActionAgeMs"
            ),
            (
                Flag(
                    "--max-skew",
                    "MS",
                    "With several cameras, by how much a picture may be older than the newest of its set, 0 to 60000 "
                        + "ms (default: 50)"
                ),
                "control:maximumSkewMs"
            ),
            (
                Flag(
                    "--max-chunk-age",
                    "MS",
                    "Until its picture is so old a chunk of actions is followed, 1 to 60000 ms (default: the actions "
                        + "to carry out and 300 ms)"
                ),
                "control:maximumChunkAgeMs"
            ),
            (Flag("--device", "DEVICE", "Where Torch computes: auto, cpu, cuda or cuda:N"), "device"),
            (
                Flag(
                    "--http",
                    "URL",
                    "Address of the HTTP API, or off (default: http://127.0.0.1:5080); others than loopback need a "
                        + "token"
                ),
                "http"
            ),
            (
                Flag("--http-token-file", "FILE", "File with the token that users of the HTTP API have to show"),
                "httpTokenFile"
            ),
            (
                Flag(
                    "--record",
                    "DIR",
                    "Record the run as a LeRobot dataset: an episode for each instruction; one that is there is "
                        + "continued"
                ),
                "record:directory"
            ),
            (Flag("--duration", "SECONDS", "End the run by itself after this time"), "durationSeconds"),
        };

        var switches = new (Option<bool> Option, string Key)[]
        {
            (
                new("--world-drives-robot")
                {
                    Description = "Let the simulated tabletop's camera move a robot too (dll:, udp://)",
                },
                "world:drivesRobot"
            ),
            (
                new("--allow-untrained")
                {
                    Description = "Let a policy that is known to be untrained move a robot (dll:, udp://)",
                },
                "allowUntrained"
            ),
        };

        var command = new Command("run", "Run the controller: camera and instruction in, actions out at a fixed rate.")
        {
            config,
            cameras,
            outputs,
            libraries,
        };
        foreach (var (option, _) in flags)
            command.Options.Add(option);
        foreach (var (option, _) in switches)
            command.Options.Add(option);
        command.SetAction(
            async (result, cancellation) =>
            {
                var given = new Dictionary<string, string?>();
                foreach (var (option, key) in flags)
                {
                    if (result.GetValue(option) is { } value)
                        given[key] =
                            IsPath(key) ? Path.GetFullPath(value)
                            : IsRobot(key, value) ? RobotRegistry.WithFullPaths(value)
                            : IsPolicy(key, value) ? PolicyRegistry.WithFullPaths(value)
                            : value;
                }

                foreach (var (option, key) in switches)
                {
                    if (result.GetValue(option))
                        given[key] = "true";
                }

                Add("outputs", result.GetValue(outputs));
                Add("camera", result.GetValue(cameras));
                Add("libraries", [.. (result.GetValue(libraries) ?? []).Select(Path.GetFullPath)]);

                var file = result.GetValue(config) ?? Path.Combine(ProjectPaths.Config, "vla.json");
                var settings = SettingsLoader.Load(file, EnvironmentVariables(), given);
                await Daemon.RunAsync(
                    settings,
                    Path.GetDirectoryName(Path.GetFullPath(file))!,
                    cancellation,
                    ProcessEnd.Now
                );
                return ExitCodes.Success;

                void Add(string list, string[]? items)
                {
                    foreach (var (item, i) in (items ?? []).Select((item, i) => (item, i)))
                        given[string.Create(CultureInfo.InvariantCulture, $"{list}:{i}")] = item;
                }
            }
        );
        return command;
    }

    private static Option<string?> Flag(string name, string helpName, string description) =>
        new(name) { HelpName = helpName, Description = description };

    /// <summary>On the command line a path counts from where the user is, in the file from where the file is.</summary>
    private static bool IsPath(string key) => key is "httpTokenFile" or "record:directory";

    private static bool IsPolicy(string key, string value) => key is "policy" && value is not AutoChoice.Auto;

    private static bool IsRobot(string key, string value) => key is "robot" && value is not AutoChoice.Auto;

    private static Dictionary<string, string?> EnvironmentVariables() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value);
}
