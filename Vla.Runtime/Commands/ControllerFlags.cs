using System.Collections;
using System.CommandLine;
using System.Globalization;
using Vla.Runtime.Hosting;
using Vla.Runtime.Outputs;
using Vla.Runtime.Policies;
using Vla.Runtime.Registries;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Teleoperation;

namespace Vla.Runtime.Commands;

/// <summary>Options of the commands that run a controller, each with the setting that it is.</summary>
internal sealed class ControllerFlags
{
    private readonly Option<string?> _config = new("--config")
    {
        HelpName = "FILE",
        Description = "Settings file (default: config/vla.json)",
    };

    private readonly Option<string[]> _outputs = new("--output")
    {
        HelpName = "OUTPUT",
        Description = $"Where actions go: {OutputRegistry.Help}; may be given several times",
    };

    private readonly Option<string[]> _cameras = new("--camera")
    {
        HelpName = "[NAME=]CAMERA",
        Description =
            $"{CameraRegistry.Help}; several each with a name (--camera front=0 --camera wrist=2), one without is "
            + "called front",
    };

    private readonly Option<string[]> _libraries = PolicyOptions.Libraries();

    private readonly (Option<string?> Option, string Key)[] _flags =
    [
        (Flag("--world", "LEVEL", "level1 or level2 of the simulated tabletop (default: level1)"), "world:level"),
        (Flag("--world-seed", "N", "Seed of the simulated tabletop's first table (default: 2000000000)"), "world:seed"),
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
            Flag("--policy-seed", "N", "What a policy's chance begins with: the same number, the same chance"),
            "policySeed"
        ),
        (
            Flag(
                "--real-time-chunking",
                "on|off",
                "Whether each chunk is made to go on from the one before it (default: as the checkpoint says)"
            ),
            "realTimeChunking"
        ),
        (
            Flag("--unnorm-key", "NAME", "The data set whose statistics bring an OpenVLA's actions to the robot's"),
            "unnormKey"
        ),
        (
            Flag(
                "--teleop",
                "LEADER",
                $"Who leads the robot: {TeleoperatorRegistry.Help}; with --policy, who corrects it"
            ),
            "teleop"
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
            RecordKey
        ),
        (Flag("--duration", "SECONDS", "End the run by itself after this time"), "durationSeconds"),
    ];

    private readonly (Option<bool> Option, string Key)[] _switches =
    [
        (
            new("--world-drives-robot")
            {
                Description = "Let the simulated tabletop's camera move what is no simulation too",
            },
            "world:drivesRobot"
        ),
        (
            new("--allow-untrained")
            {
                Description = "Let a policy that is known to be untrained move what is no simulation",
            },
            "allowUntrained"
        ),
    ];

    private const string RecordKey = "record:directory";

    private readonly HashSet<string> _left;

    /// <param name="left">Options that a command has of its own, or has not.</param>
    public ControllerFlags(params IEnumerable<string> left) => _left = [.. left];

    /// <summary>Gives a command the options.</summary>
    public void AddTo(Command command)
    {
        foreach (
            var option in ((Option[])[_config, _cameras, _outputs, _libraries])
                .Concat(_flags.Select(flag => flag.Option))
                .Concat(_switches.Select(flag => flag.Option))
                .Where(option => !_left.Contains(option.Name))
        )
            command.Options.Add(option);
    }

    /// <summary>Whether one of them was given.</summary>
    public static bool IsGiven(ParseResult result, string name) =>
        result.CommandResult.Command.Options.Any(option =>
            option.Name == name && result.GetResult(option) is { Implicit: false }
        );

    /// <summary>Those of the controller that were given, by name; for a command that has other uses too.</summary>
    public IReadOnlyList<string> Given(ParseResult result) =>
        [
            .. ((Option[])[_config, _cameras, _outputs, _libraries])
                .Concat(_flags.Select(flag => flag.Option))
                .Concat(_switches.Select(flag => flag.Option))
                .Where(option => !_left.Contains(option.Name) && result.GetResult(option) is { Implicit: false })
                .Select(option => option.Name),
        ];

    /// <summary>The settings: those of the file, of the environment, and what was given.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="more">Settings by key that come with the command; what was given wins.</param>
    /// <param name="folder">Where relative paths in the settings count from.</param>
    public VlaSettings Settings(ParseResult result, IReadOnlyDictionary<string, string?> more, out string folder)
    {
        var given = new Dictionary<string, string?>(more);
        foreach (var (option, key) in _flags)
        {
            if (!_left.Contains(option.Name) && result.GetValue(option) is { } value)
                given[key] = WithFullPaths(key, value);
        }

        foreach (var (option, key) in _switches)
        {
            if (!_left.Contains(option.Name) && result.GetValue(option))
                given[key] = "true";
        }

        Add("outputs", _outputs);
        Add("camera", _cameras);
        if (!_left.Contains(_libraries.Name))
            AddAll("libraries", [.. (result.GetValue(_libraries) ?? []).Select(Path.GetFullPath)]);

        var file = result.GetValue(_config) ?? Path.Combine(ProjectPaths.Config, "vla.json");
        folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        return SettingsLoader.Load(file, EnvironmentVariables(), given);

        void Add(string list, Option<string[]> option)
        {
            if (!_left.Contains(option.Name))
                AddAll(list, result.GetValue(option) ?? []);
        }

        void AddAll(string list, string[] items)
        {
            foreach (var (item, i) in items.Select((item, i) => (item, i)))
                given[string.Create(CultureInfo.InvariantCulture, $"{list}:{i}")] = item;
        }
    }

    /// <summary>Runs the controller with them.</summary>
    public async Task<int> RunAsync(
        ParseResult result,
        IReadOnlyDictionary<string, string?> more,
        CancellationToken cancellation
    )
    {
        var settings = Settings(result, more, out var folder);
        await Daemon.RunAsync(settings, folder, cancellation, ProcessEnd.Now);
        return ExitCodes.Success;
    }

    /// <summary>On the command line a path counts from where the user is, in the file from where the file is.</summary>
    public static string WithFullPaths(string key, string value) =>
        key switch
        {
            "httpTokenFile" or RecordKey => Path.GetFullPath(value),
            "robot" when value is not AutoChoice.Auto => RobotRegistry.WithFullPaths(value),
            "policy" when value is not AutoChoice.Auto => PolicyRegistry.WithFullPaths(value),
            "teleop" => TeleoperatorRegistry.WithFullPaths(value),
            _ => value,
        };

    private static Option<string?> Flag(string name, string helpName, string description) =>
        new(name) { HelpName = helpName, Description = description };

    private static Dictionary<string, string?> EnvironmentVariables() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value);
}
