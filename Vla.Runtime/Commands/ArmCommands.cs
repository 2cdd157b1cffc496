using System.CommandLine;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Ports;
using Vla.Runtime.Servos.SettingUp;

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla find-port</c>, <c>setup-motor</c>, <c>calibrate</c>: an arm with serial servos from unpacking to driving.
/// </summary>
internal static class ArmCommands
{
    public static Command FindPort()
    {
        var ports = new Argument<string[]>("ports")
        {
            Description = "Look at these ports too, beside those of USB cables",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("find-port", "Find out at which serial port an arm is.") { ports };
        command.SetAction(
            (parsed, cancellation) =>
                Aside(() =>
                {
                    var more = parsed.GetValue(ports) ?? [];
                    var finder = new PortFinder(
                        () => [.. SerialPorts.List(), .. more.Where(File.Exists)],
                        ArmOpening.OfUser(TimeProvider.System).OpenBus,
                        SerialPorts.StableNameOf
                    );
                    return finder.Find(Terminal(cancellation)) ? ExitCodes.Success : ExitCodes.Robot;
                })
        );
        return command;
    }

    public static Command SetUpMotor()
    {
        var arm = Arm();
        var joints = new Option<string[]>("--joint")
        {
            HelpName = "JOINT",
            Description = "Only this joint's servo; may be given several times (default: all, the gripper's first)",
        }.AcceptOnlyFromAmong([.. ArmKind.Joints]);
        var command = new Command(
            "setup-motor",
            "Give servos their numbers and speed, one at a time: what a new arm's servos need once."
        )
        {
            arm,
            joints,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Aside(() =>
                {
                    var (address, opening) = Open(parsed.GetValue(arm)!);
                    using var bus = opening.OpenBus(opening.PortOf(address), address.Kind.Make);
                    var given = parsed.GetValue(joints) ?? [];
                    var dialogue = Terminal(cancellation);
                    MotorSetUp.Run(
                        bus,
                        address.Kind,
                        given.Length > 0 ? given : [.. ArmKind.Joints.Reverse()],
                        dialogue
                    );
                    dialogue.Say($"Done. Connect all servos in a chain, then: ./vla calibrate {address} --id my_arm");
                    return ExitCodes.Success;
                })
        );
        return command;
    }

    public static Command Calibrate()
    {
        var arm = Arm();
        var id = new Option<string?>("--id")
        {
            HelpName = "NAME",
            Description = "The arm's name: of its calibration file, and for --robot {address.Kind.FollowerName}:NAME",
        };
        var writeFile = new Option<bool>("--write-file")
        {
            Description = "Write the calibration file of that name into the servos, and ask nothing",
        };
        var command = new Command(
            "calibrate",
            "Find an arm's middle and ranges by moving it by hand, and keep them in its servos and in LeRobot's file."
        )
        {
            arm,
            id,
            writeFile,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Aside(() =>
                    Calibrate(
                        parsed.GetValue(arm)!,
                        parsed.GetValue(id),
                        parsed.GetValue(writeFile),
                        Terminal(cancellation)
                    )
                )
        );
        return command;
    }

    private static int Calibrate(string text, string? id, bool writesFile, Dialogue dialogue)
    {
        var (address, opening) = Open(text);
        var name =
            id
            ?? address.Id
            ?? throw new UsageException($"the arm at {address.Port} has no name: give --id NAME, such as --id my_arm");
        CalibrationFiles.RequireName(name);
        var port = opening.PortOf(address);
        using var bus = opening.OpenBus(port, address.Kind.Make);
        if (writesFile)
        {
            ArmPreparation.Check(bus, address.Kind);
            CalibrationWizard.AskForSupport(dialogue, bus);
            var file = opening.CalibrationOf(address with { Port = port, Id = name });
            new ArmCalibrator(bus, address.Kind).Write(file);
            dialogue.Say($"The servos have what the file of {name} says.");
        }
        else
        {
            var isLive = !Console.IsOutputRedirected;
            var calibration = new CalibrationWizard(dialogue, TimeProvider.System, isLive).Run(bus, address.Kind);
            var (saved, before) = opening.Save(address.Kind, name, calibration);
            dialogue.Say($"Calibrated: {saved}");
            if (before is not null)
                dialogue.Say($"    what was there before is {before}");
        }

        if (!opening.Remember(address.Kind, name, port))
            dialogue.Say("Its port cannot be remembered: give it with each command.");
        dialogue.Say(
            address.Kind.IsLeader
                ? $"Lead with it: ./vla teleop --leader {address.Kind}:{name} --robot {address.Kind.FollowerName}:NAME"
                : $"Drive it: ./vla run --camera 0 --policy my-policy --robot {address.Kind}:{name}"
        );
        return ExitCodes.Success;
    }

    private static Argument<string> Arm() =>
        new("arm") { Description = $"ARM:PORT, or a name for the port; ARM is one of {ArmKind.Possible}" };

    private static (ArmAddress Address, ArmOpening Opening) Open(string text)
    {
        var address =
            ArmAddress.Read(text)
            ?? throw new UsageException(
                $"'{text}' is no arm: give so101:PORT or so101_leader:PORT, such as so101:/dev/ttyACM0 "
                    + "(./vla find-port)"
            );
        return (address.RelativeTo(Environment.CurrentDirectory), ArmOpening.OfUser(TimeProvider.System));
    }

    private static Dialogue Terminal(CancellationToken cancellation) => new(Console.In, Console.Out, cancellation);

    /// <summary>On a thread of the pool, so that signals end it in good order.</summary>
    private static Task<int> Aside(Func<int> act) => Task.Run(act);
}
