using Vla.Actors.Robots;
using Vla.Runtime.Libraries;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Robots;

/// <summary>
/// What is driven, as given to <c>--robot</c>. Each kind reads the texts that name it, and answers null to all others.
/// </summary>
internal abstract record RobotSpec
{
    /// <summary>Its profile's file; null where the robot knows it by itself.</summary>
    public abstract string? Profile { get; }

    /// <summary>Whether it can move something real.</summary>
    public virtual bool MovesRobots => false;

    /// <summary>The assembly that it is in; null for one that is in none.</summary>
    public virtual string? LibraryFile => null;

    /// <summary>The same with paths that count from a folder.</summary>
    public abstract RobotSpec RelativeTo(string folder);

    /// <summary>Makes it; nothing is connected yet.</summary>
    /// <exception cref="RobotProfileException">Its profile cannot be used.</exception>
    /// <exception cref="UsageException">It cannot be made.</exception>
    public abstract RobotMade Make(RobotContext context);

    /// <summary>
    /// A profile alone: actions go to the outputs, and to the simulated arm where its camera is used.
    /// </summary>
    public sealed record ProfileFile(string File) : RobotSpec
    {
        public override string Profile => File;

        public static ProfileFile Read(string text) => new(text);

        public override RobotSpec RelativeTo(string folder) => new ProfileFile(Path.GetFullPath(File, folder));

        public override RobotMade Make(RobotContext context) => new(null, RobotProfile.Load(File));

        public override string ToString() => File;
    }

    /// <summary>The arm of the simulated tabletop.</summary>
    public sealed record World(string? File) : RobotSpec
    {
        private const string Name = "world";
        private const string ProfileOption = Name + "?profile=";

        public override string Profile => File ?? ProjectPaths.TabletopRobot;

        public static World? Read(string text)
        {
            if (text == Name)
                return new World(File: null);
            if (!text.StartsWith(Name + "?", StringComparison.Ordinal))
                return null;
            return text.StartsWith(ProfileOption, StringComparison.Ordinal) && text.Length > ProfileOption.Length
                ? new World(text[ProfileOption.Length..])
                : throw new UsageException($"robot '{text}' is not known: use world?profile=FILE");
        }

        public override RobotSpec RelativeTo(string folder) =>
            new World(File is null ? null : Path.GetFullPath(File, folder));

        public override RobotMade Make(RobotContext context) =>
            new(context.Tabletop().Robot(), RobotProfile.Load(Profile));

        public override string ToString() => File is null ? Name : ProfileOption + File;
    }

    /// <summary>An arm with serial servos.</summary>
    public sealed record Arm(ArmAddress Address) : RobotSpec
    {
        public override string? Profile => null;

        public override bool MovesRobots => true;

        public static Arm? Read(string text) =>
            ArmAddress.Read(text, isLeader: false) is { } address ? new Arm(address) : null;

        public override RobotSpec RelativeTo(string folder) => new Arm(Address.RelativeTo(folder));

        public override RobotMade Make(RobotContext context)
        {
            var options = ArmOpening.OfUser(context.Time).OptionsOf(Address);
            var arm = new ServoArm(options with { Say = context.Say ?? options.Say }, context.Time);
            return new RobotMade(arm, arm.Profile);
        }

        public override string ToString() => Address.ToString();
    }

    /// <summary>A robot of the user's own, in an assembly.</summary>
    public sealed record Library(LibraryName Name) : RobotSpec
    {
        public override string? Profile => Name.Profile;

        public override string LibraryFile => Name.File;

        public override bool MovesRobots => true;

        public static Library? Read(string text) =>
            LibraryName.Read(text, takesProfile: true, why => new UsageException($"robot {why}")) is { } name
                ? new Library(name)
                : null;

        public override RobotSpec RelativeTo(string folder) =>
            new Library(
                Name with
                {
                    File = Path.GetFullPath(Name.File, folder),
                    Profile = Name.Profile is null ? null : Path.GetFullPath(Name.Profile, folder),
                }
            );

        public override RobotMade Make(RobotContext context)
        {
            var profile = Name.Profile is null ? null : RobotProfile.Load(Name.Profile);
            var robot = RobotLibrary.Load<IRobot>(Name, profile, context.Time);
            profile ??=
                robot.Profile
                ?? throw new RobotProfileException(
                    $"robot '{robot.Name}' gives no profile of its own: name one, "
                        + $"{LibraryName.Prefix}{Name.File}?profile=FILE"
                );
            if (profile.Problem() is { } problem)
                throw new RobotProfileException($"the profile that robot '{robot.Name}' gives is wrong: {problem}");
            return new RobotMade(robot, profile);
        }

        public override string ToString() => Name.ToString();
    }
}

/// <summary>What a robot is made with.</summary>
/// <param name="Tabletop">The simulated world; made when it is asked for.</param>
/// <param name="Time">The clock.</param>
/// <param name="Say">Where a robot says what nobody must miss while the run ends; null for nowhere.</param>
internal sealed record RobotContext(Func<SimulatedTabletop> Tabletop, TimeProvider Time, Action<string>? Say = null);

/// <summary>A robot that has been made, and its profile.</summary>
/// <param name="Robot">Null where there is a profile alone.</param>
/// <param name="Profile">Checked.</param>
internal sealed record RobotMade(IRobot? Robot, RobotProfile Profile);
