using System.CommandLine;
using System.Globalization;
using Vla.Actors.Robots;
using Vla.Runtime.Driving;
using Vla.Runtime.Hosting;
using Vla.Runtime.Robots;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Settings;
using Vla.Runtime.Teleoperation;
using Vla.Sensors;

namespace Vla.Runtime.Commands;

/// <summary><c>vla teleop</c> and <c>vla replay</c>: a robot driven by a leader arm, or by what was recorded.</summary>
internal static class DrivingCommands
{
    private const double MostHz = 200;

    public static Command Teleop()
    {
        var leader = new Option<string>("--leader", "--teleop")
        {
            HelpName = "LEADER",
            Description = $"Who leads: {TeleoperatorRegistry.Help}",
            Required = true,
        };
        var flags = new ControllerFlags(
            "--teleop",
            "--robot",
            "--rate",
            "--duration",
            "--policy",
            "--policy-step",
            "--record",
            "--instruction",
            "--device",
            "--max-skew",
            "--max-chunk-age",
            "--allow-untrained"
        );
        var robot = Robot();
        var rate = new Option<double>("--rate")
        {
            HelpName = "HZ",
            Description = $"How often the leader is asked, 1 to {MostHz}",
            DefaultValueFactory = _ => 60,
        };
        var duration = new Option<double?>("--duration")
        {
            HelpName = "SECONDS",
            Description = "End by itself after this time",
        };
        var command = new Command(
            "teleop",
            "Lead a robot by hand: it does what a leader arm does. With --camera the page shows the pictures."
        )
        {
            leader,
            robot,
            rate,
            duration,
        };
        flags.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
            {
                var who = parsed.GetValue(leader)!;
                var what = parsed.GetValue(robot)!;
                var hz = Bounds.Require("--rate", parsed.GetValue(rate), 1, MostHz);
                double? bound = parsed.GetValue(duration) is { } seconds
                    ? Bounds.Require("--duration", seconds, 0.1, 1e6)
                    : null;
                return
                    TeleoperatorRegistry.Parse(who, Environment.CurrentDirectory) is TeleoperatorSpec.Leader arm
                    && flags.Given(parsed).Count == 0
                    ? TeleopAsync(arm, what, hz, bound, cancellation)
                    : flags.RunAsync(parsed, WithPictures(who, what, hz, bound), cancellation);
            }
        );
        return command;
    }

    public static Command Replay()
    {
        var dataset = new Option<string>("--dataset")
        {
            HelpName = "DIR",
            Description = "The dataset's directory",
            Required = true,
        };
        var episode = new Option<int>("--episode")
        {
            HelpName = "N",
            Description = "The episode's number, from 0",
            Required = true,
        };
        var robot = Robot();
        var command = new Command(
            "replay",
            "Carry out a recorded episode's actions again: slowly to its first pose, then in its time."
        )
        {
            dataset,
            episode,
            robot,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var time = TimeProvider.System;
                var made = DirectDrive.Make(parsed.GetValue(robot)!, "replay an episode", time, Say);
                var replay = EpisodeReplay.Read(parsed.GetValue(dataset)!, parsed.GetValue(episode), made.Profile);
                if (replay.Note is { } note)
                    Say(note);
                using var drive = new DirectDrive(made, time, cancellation);
                var reason = "the replay failed";
                try
                {
                    drive.Start();
                    await replay.RunAsync(drive, time, Console.WriteLine, cancellation);
                    reason = "the episode is over";
                }
                catch (OperationCanceledException)
                {
                    reason = "told to end";
                }
                finally
                {
                    End(drive, reason);
                }

                return ExitCodes.Success;
            }
        );
        return command;
    }

    /// <summary>Settings of a controller in which somebody leads.</summary>
    private static Dictionary<string, string?> WithPictures(string leader, string robot, double hz, double? seconds) =>
        new()
        {
            ["teleop"] = ControllerFlags.WithFullPaths("teleop", leader),
            ["robot"] = ControllerFlags.WithFullPaths("robot", robot),
            ["policy"] = AutoChoice.Auto,
            ["control:rateHz"] = hz.ToString(CultureInfo.InvariantCulture),
            ["durationSeconds"] = (seconds ?? 0).ToString(CultureInfo.InvariantCulture),
        };

    private static async Task<int> TeleopAsync(
        TeleoperatorSpec.Leader leader,
        string robotText,
        double hz,
        double? seconds,
        CancellationToken cancellation
    )
    {
        var time = TimeProvider.System;
        var made = DirectDrive.Make(robotText, "follow a leader", time, Say);
        using var leads = leader.Make(new TeleopContext(made, Tabletop: null, () => null, time, hz));
        // Otherwise it could not have been made.
        var arm = (ServoArm)made.Robot!;
        // The leader first: a robot has torque only when there is somebody who leads it.
        leads.Connect();
        DirectDrive? drive = null;
        try
        {
            drive = new DirectDrive(made, time, cancellation);
            drive.Start();
            leads.Start(
                new TeleopFeed(made.Profile, isCorrection: false) { Felt = (atNs, values) => drive.Offer(values, atNs) }
            );
            await WatchAsync(drive, arm, leads, seconds, time, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }
        finally
        {
            if (drive is not null)
            {
                var latency = arm.Latency.Read(time.NowNs());
                End(drive, "the teleoperation is over");
                Console.WriteLine(
                    $"leader to follower: {latency.P50Ns / 1e6:0.0} ms, 99 % within {latency.P99Ns / 1e6:0.0} ms"
                );
                leads.Dispose();
                drive.Dispose();
            }
        }

        return ExitCodes.Success;
    }

    /// <summary>Says each second how it goes.</summary>
    private static async Task WatchAsync(
        DirectDrive drive,
        ServoArm arm,
        ITeleoperator leads,
        double? seconds,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var beganNs = time.NowNs();
        var before = 0L;
        using var each = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (seconds is null || time.NowNs() - beganNs < seconds * MonotonicTime.NsPerSecond)
        {
            await each.WaitForNextTickAsync(cancellation);
            var control = drive.Control.Snapshot();
            var latency = arm.Latency.Read(time.NowNs());
            var state = StateWords(control.State, leads.Lost ?? control.Reason, drive.Note);
            Console.WriteLine(
                $"{control.Offered - before} Hz, leader to follower {latency.P50Ns / 1e6:0.0} ms (99 %: "
                    + $"{latency.P99Ns / 1e6:0.0}), {state}"
            );
            before = control.Offered;
        }
    }

    private static string StateWords(ControlState state, string reason, string? note) =>
        state == ControlState.Policy ? note ?? "follows" : $"{state.ToString().ToLowerInvariant()}: {reason}";

    private static void End(DirectDrive drive, string reason)
    {
        if (!drive.End(reason))
            Say("the robot is not at rest yet: mind it");
    }

    private static Option<string> Robot() =>
        new("--robot")
        {
            HelpName = "ROBOT",
            Description = $"What is driven: {RobotRegistry.Help}",
            Required = true,
        };

    private static void Say(string line) => LastWord.TryWrite($"vla: {line}");
}
