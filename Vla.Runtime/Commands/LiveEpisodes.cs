using System.CommandLine;
using System.Globalization;
using Vla.Runtime.Settings;
using Vla.Runtime.Teleoperation;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Commands;

/// <summary><c>vla record --teleop</c> and <c>--policy</c>: episodes of a robot, one after the other.</summary>
internal sealed class LiveEpisodes
{
    private const double LongestSeconds = 86_400;

    /// <summary>Sixty actions a second: every second one is a frame at thirty.</summary>
    private const string UsualRate = "60";

    private readonly ControllerFlags _flags = new("--output", "--record", "--instruction", "--teleop");

    private readonly Option<string?> _teleop = new("--teleop", "--leader")
    {
        HelpName = "LEADER",
        Description = $"Who leads the robot: {TeleoperatorRegistry.Help}; with --policy, who corrects it",
    };

    private readonly Option<string?> _task = new("--task", "--instruction")
    {
        HelpName = "TEXT",
        Description = "What is to be done, in plain words: each frame's task (default: the simulated table's own)",
    };

    private readonly Option<double> _episodeSeconds = new("--episode-seconds")
    {
        HelpName = "S",
        Description = "An episode ends by itself after this time",
        DefaultValueFactory = _ => 60,
    };

    private readonly Option<double> _resetSeconds = new("--reset-seconds")
    {
        HelpName = "S",
        Description = "The next one begins by itself so long after the one before has ended",
        DefaultValueFactory = _ => 60,
    };

    private readonly Option<double> _fps = new("--fps")
    {
        HelpName = "FPS",
        Description = "Frames a second (default: 30, or as a policy's actions are)",
    };

    private readonly Option<string> _sounds = new Option<string>("--sounds")
    {
        Description =
            "Let it be heard how it goes: the terminal's bell rings once where an episode begins, twice where one is "
            + "saved, three times where one is not kept; or a voice says it",
        DefaultValueFactory = _ => "off",
    }.AcceptOnlyFromAmong("off", "bell", "voice");

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_teleop, _task, _episodeSeconds, _resetSeconds, _fps, _sounds])
            command.Options.Add(option);
        _flags.AddTo(command);
    }

    /// <summary>Whether a robot is recorded, and no demonstrations.</summary>
    /// <exception cref="UsageException">Nobody leads, and there is no policy, but something else of a robot is
    /// given.</exception>
    public bool IsMeant(ParseResult parsed)
    {
        if (IsGiven(parsed, _teleop) || ControllerFlags.IsGiven(parsed, "--policy"))
            return true;
        var given = _flags
            .Given(parsed)
            .Concat(
                ((Option[])[_task, _episodeSeconds, _resetSeconds, _fps, _sounds])
                    .Where(option => IsGiven(parsed, option))
                    .Select(option => option.Name)
            )
            .FirstOrDefault();
        return given is null
            ? false
            : throw new UsageException(
                $"{given} is for a robot that somebody leads, or a policy: give --teleop LEADER or --policy DIR"
            );
    }

    public Task<int> RecordAsync(ParseResult parsed, string directory, int episodes, CancellationToken cancellation)
    {
        var episodeSeconds = Bounds.Require("--episode-seconds", parsed.GetValue(_episodeSeconds), 0.5, LongestSeconds);
        var resetSeconds = Bounds.Require("--reset-seconds", parsed.GetValue(_resetSeconds), 0, LongestSeconds);
        var settings = new Dictionary<string, string?>
        {
            ["record:directory"] = Path.GetFullPath(directory),
            ["record:episodes"] = Text(episodes),
            ["record:episodeSeconds"] = Text(episodeSeconds),
            ["record:resetSeconds"] = Text(resetSeconds),
            ["record:sounds"] = parsed.GetValue(_sounds),
            // The judge waits for the episode, which begins when somebody says so.
            ["world:attemptSeconds"] = "3600",
            ["world:autoReset"] = "never",
        };
        var teleop = parsed.GetValue(_teleop);
        if (teleop is not null)
        {
            settings["teleop"] = ControllerFlags.WithFullPaths("teleop", teleop);
            settings["control:rateHz"] = UsualRate;
        }

        if (IsGiven(parsed, _fps))
            settings["record:rateHz"] = Text(Bounds.Require("--fps", parsed.GetValue(_fps), 1, 1_000));
        var cameras = NamedCamera.ReadAll(parsed.GetValue<string[]?>("--camera") ?? []);
        if (parsed.GetValue(_task) is { } task)
            settings["instruction"] = task;
        else if (NamedCamera.Deciding(cameras) is WorldCameraSource)
            settings["world:instructions"] = "assigned";
        else
            throw new UsageException("--task is missing: say what is to be done, in plain words");
        // The policy that is trained for the table is nobody's who leads.
        if (teleop is not null && !ControllerFlags.IsGiven(parsed, "--policy"))
            settings["policy"] = AutoChoice.Auto;
        return _flags.RunAsync(parsed, settings, cancellation);
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
