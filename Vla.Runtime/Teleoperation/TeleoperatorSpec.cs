using System.Globalization;
using Vla.Actors.Robots;
using Vla.Runtime.Driving;
using Vla.Runtime.Robots;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Simulation;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Teleoperation;

/// <summary>
/// Who leads, as given to <c>--teleop</c>. Each kind reads the texts that name it, and answers null to all others.
/// </summary>
internal abstract record TeleoperatorSpec
{
    /// <summary>Whether it knows the simulated world and leads nowhere else.</summary>
    public virtual bool NeedsWorld => false;

    /// <summary>The same with paths that count from a folder.</summary>
    public virtual TeleoperatorSpec RelativeTo(string folder) => this;

    /// <summary>Makes it, for a robot; nothing is connected yet.</summary>
    /// <exception cref="UsageException">It cannot lead this robot.</exception>
    /// <exception cref="RobotException">It is not known, or not calibrated.</exception>
    /// <exception cref="DatasetException">What it replays cannot be read.</exception>
    public abstract ITeleoperator Make(TeleopContext context);

    /// <summary>A leader arm.</summary>
    public sealed record Leader(ArmAddress Address) : TeleoperatorSpec
    {
        public static Leader? Read(string text) =>
            ArmAddress.Read(text, isLeader: true) is { } address ? new Leader(address) : null;

        public override TeleoperatorSpec RelativeTo(string folder) => new Leader(Address.RelativeTo(folder));

        public override ITeleoperator Make(TeleopContext context)
        {
            var arm =
                context.Made.Robot as ServoArm
                ?? throw new UsageException(
                    $"robot '{context.Made.Profile.Name}' cannot follow a leader arm: give so101:PORT-OR-NAME, or lead "
                        + "with keyboard or gamepad"
                );
            var opening = ArmOpening.OfUser(context.Time);
            // The arm that follows says which numbers.
            var scale = new ArmScale(opening.CalibrationOf(Address), arm.Scale, Address.Kind.Make);
            return new LeaderTeleoperator(
                ToString(),
                Address.Kind,
                opening.PortOf(Address),
                scale,
                opening,
                context.Time,
                context.RateHz
            );
        }

        public override string ToString() => Address.ToString();
    }

    /// <summary>The terminal's keyboard.</summary>
    public sealed record Keyboard : TeleoperatorSpec
    {
        public static Keyboard? Read(string text) => text == KeyboardTeleoperator.Word ? new Keyboard() : null;

        public override ITeleoperator Make(TeleopContext context)
        {
            if (Console.IsInputRedirected)
                throw new UsageException(
                    "keyboard leads from a terminal, and the standard input is none: start it in one (ssh -t), or lead "
                        + "with gamepad"
                );
            return new KeyboardTeleoperator(context.Hand("the keyboard"), context.Time, context.RateHz);
        }

        public override string ToString() => KeyboardTeleoperator.Word;
    }

    /// <summary>A game pad.</summary>
    public sealed record Pad(string? Device) : TeleoperatorSpec
    {
        private const string Word = "gamepad";

        public static Pad? Read(string text)
        {
            if (text == Word)
                return new Pad(Device: null);
            if (!text.StartsWith(Word + ":", StringComparison.Ordinal))
                return null;
            var device = text[(Word.Length + 1)..];
            return device.Length > 0
                ? new Pad(device)
                : throw new UsageException($"'{text}' names no device: give gamepad, or gamepad:/dev/input/event5");
        }

        public override TeleoperatorSpec RelativeTo(string folder) =>
            Device is null ? this : new Pad(Path.GetFullPath(Device, folder));

        public override ITeleoperator Make(TeleopContext context) =>
            new GamePadTeleoperator(ToString(), Device, context.Hand("a game pad"), context.Time, context.RateHz);

        public override string ToString() => Device is null ? Word : $"{Word}:{Device}";
    }

    /// <summary>The script that knows the simulated world.</summary>
    public sealed record Expert : TeleoperatorSpec
    {
        public static Expert? Read(string text) => text == ExpertPolicy.Name ? new Expert() : null;

        public override bool NeedsWorld => true;

        public override ITeleoperator Make(TeleopContext context) =>
            new ExpertTeleoperator(context.Tabletop!, context.Time, context.RateHz);

        public override string ToString() => ExpertPolicy.Name;
    }

    /// <summary>A dataset that is replayed.</summary>
    public sealed record Replay(string Directory, int? Episode) : TeleoperatorSpec
    {
        private const string Word = "replay:";

        public static Replay? Read(string text)
        {
            if (!text.StartsWith(Word, StringComparison.Ordinal))
                return null;
            var parts = text[Word.Length..].Split('#', 2);
            if (parts[0].Length == 0)
                throw new UsageException($"'{text}' names no dataset: give replay:DIR, or replay:DIR#EPISODE");
            if (parts.Length == 1)
                return new Replay(parts[0], Episode: null);
            return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var episode)
                ? new Replay(parts[0], episode)
                : throw new UsageException($"'{parts[1]}' in '{text}' is no episode's number: they count from 0");
        }

        public override TeleoperatorSpec RelativeTo(string folder) =>
            this with
            {
                Directory = Path.GetFullPath(Directory, folder),
            };

        public override ITeleoperator Make(TeleopContext context)
        {
            var profile = context.Made.Profile;
            var episodes = Episode is { } one
                ? [EpisodeReplay.Read(Directory, one, profile)]
                : EpisodeReplay.ReadAll(Directory, profile);
            return new ReplayTeleoperator(ToString(), episodes, profile, context.Time, context.RateHz);
        }

        public override string ToString() => $"{Word}{Directory}{(Episode is { } one ? $"#{one}" : "")}";
    }
}

/// <summary>What a teleoperator is made with.</summary>
/// <param name="Made">The robot that it leads.</param>
/// <param name="Tabletop">The simulated world; null where the robot is not in it.</param>
/// <param name="State">Where the robot is, in the order of its state's names; null while that is not known.</param>
/// <param name="Time">The clock.</param>
/// <param name="RateHz">How often it tells, a second.</param>
internal sealed record TeleopContext(
    RobotMade Made,
    SimulatedTabletop? Tabletop,
    Func<IReadOnlyList<float>?> State,
    TimeProvider Time,
    double RateHz
)
{
    /// <summary>Its hand, for whoever leads by directions.</summary>
    /// <param name="who">For messages.</param>
    /// <exception cref="UsageException">Its actions are not Cartesian.</exception>
    public CartesianHand Hand(string who) => new(Made.Profile, Made.Robot?.StateNames ?? [], State, who);
}
