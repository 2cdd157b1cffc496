using System.CommandLine;
using System.Diagnostics;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Dynamixel;
using Vla.Runtime.ServoSimulation;

namespace Vla.Runtime.Commands;

/// <summary><c>vla simulate</c>: arms that are not there, on ports that are.</summary>
internal static class SimulateCommand
{
    public static Command Create()
    {
        var arms = new Argument<string[]>("arms")
        {
            Description = $"One for each arm, of {ArmKind.Possible}",
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => ["so101"],
        }.AcceptOnlyFromAmong([.. ArmKind.All.Select(kind => kind.Name)]);
        var links = new Option<string?>("--links")
        {
            HelpName = "DIR",
            Description = "Give each arm's port a name in this folder that stays: DIR/so101, DIR/so101_leader",
        };
        var uncalibrated = new Option<bool>("--uncalibrated") { Description = "Servos as they left the factory" };
        var wave = new Option<bool>("--wave") { Description = "Somebody waves the leader from the beginning" };
        var camera = new Option<string?>("--http")
        {
            HelpName = "URL",
            Description =
                "Show the first arm to a camera at URL/arm.mjpg, drawn plainly, with a dot that it is to reach: next, "
                + "reach and score are commands then (http://127.0.0.1:5090)",
        };
        var seed = new Option<int>("--seed") { HelpName = "N", Description = "Where the dots are" };
        var duration = new Option<double?>("--duration")
        {
            HelpName = "SECONDS",
            Description = "End by itself after this time (default: at the end of the input, or when told to)",
        };
        var command = new Command(
            "simulate",
            "Simulate arms with serial servos, each on a port of its own, to try everything without hardware. "
                + "While it runs, type what happens to them; help lists it."
        )
        {
            arms,
            links,
            uncalibrated,
            wave,
            camera,
            seed,
            duration,
        };
        command.SetAction(
            (parsed, cancellation) =>
                RunAsync(
                    parsed.GetValue(arms)!,
                    parsed.GetValue(links),
                    !parsed.GetValue(uncalibrated),
                    parsed.GetValue(wave),
                    parsed.GetValue(camera),
                    parsed.GetValue(seed),
                    parsed.GetValue(duration),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        string[] kinds,
        string? links,
        bool isCalibrated,
        bool isWaved,
        string? http,
        int seed,
        double? seconds,
        CancellationToken cancellation
    )
    {
        if (!OperatingSystem.IsLinux())
            throw new UsageException("arms are simulated on Linux only: it has the pseudo-terminals");
        if (seconds is <= 0 or > 1e6)
            throw new UsageException($"--duration is {seconds}: allowed is above 0 to 1000000 seconds");
        if (kinds.GroupBy(kind => kind).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new UsageException($"{twice.Key} is given twice: give each kind once");
        var arms = new List<SimulatedArm>();
        ArmPictures? pictures = null;
        try
        {
            foreach (var kind in kinds.Select(name => ArmKind.All.First(kind => kind.Name == name)))
            {
                var arm = Make(kind, links, isCalibrated);
                arms.Add(arm);
                if (isWaved && kind.IsLeader)
                    arm.Tell("wave");
                Console.WriteLine($"{arm.Name}: {arm.Line.Name}");
            }

            var task = http is null ? null : TaskOf(arms, seed);
            if (task is not null)
                pictures = await ArmPictures.StartAsync(http!, task);
            var until = seconds is { } given
                ? Task.Delay(TimeSpan.FromSeconds(given), cancellation)
                : Task.Delay(-1, cancellation);
            await ObeyAsync(arms, task, until, hasEnd: seconds is not null);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }
        finally
        {
            if (pictures is not null)
                await pictures.DisposeAsync();
            foreach (var arm in arms)
                arm.Dispose();
        }

        return ExitCodes.Success;
    }

    private static SimulatedArm Make(ArmKind kind, string? links, bool isCalibrated)
    {
        try
        {
            if (links is not null)
                Directory.CreateDirectory(links);
            var link = links is null ? null : Path.Combine(Path.GetFullPath(links), kind.Name);
            return new SimulatedArm(kind.Name, kind.IsLeader, isCalibrated, link, kind.Make == XSeries.Make);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"{kind} cannot be simulated: {exception.Message.ReplaceLineEndings(" ")}; "
                    + "choose another folder with --links",
                exception
            );
        }
    }

    /// <summary>Does what is typed until the input ends, unless there is another end.</summary>
    private static async Task ObeyAsync(List<SimulatedArm> arms, ReachingTask? task, Task until, bool hasEnd)
    {
        while (true)
        {
            // On another thread: the console reads at once also where it says that it does not.
            var reading = Task.Run(Console.In.ReadLine, CancellationToken.None);
            if (await Task.WhenAny(reading, until) == until)
            {
                await until;
                return;
            }

            if (await reading is not { } line)
            {
                if (hasEnd)
                    await until;
                return;
            }

            if (line.Trim() is "quit" or "/quit")
                return;
            if (line.Trim().Length > 0)
                Console.WriteLine(Answer(task, line.Trim()) ?? Answer(arms, line.Trim()));
        }
    }

    private static ReachingTask TaskOf(List<SimulatedArm> arms, int seed) =>
        new(
            arms.Find(arm => !arm.IsLeader)
                ?? throw new UsageException("--http shows an arm that follows: simulate so101 too"),
            arms.Find(arm => arm.IsLeader),
            seed
        );

    /// <summary>What is said of the dot; null for a line that is not about it.</summary>
    private static string? Answer(ReachingTask? task, string line) =>
        task is null
            ? null
            : line switch
            {
                "next" => task.Next(),
                "reach" => task.Reach(),
                "score" => task.Look(Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency).Words,
                _ => null,
            };

    /// <summary>A line may begin with the arm that it is for; otherwise it is for the first.</summary>
    private static string Answer(List<SimulatedArm> arms, string line)
    {
        if (line is "help")
            return $"[ARM] {SimulatedArm.Help} · quit; ARM is {string.Join(" or ", arms.Select(arm => arm.Name))}";
        var words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries);
        var named = arms.Find(arm => arm.Name == words[0]);
        return (named ?? arms[0]).Tell(named is null ? line : words.ElementAtOrDefault(1) ?? "");
    }
}
