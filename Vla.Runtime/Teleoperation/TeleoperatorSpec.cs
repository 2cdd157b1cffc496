using Vla.Actors.Robots;
using Vla.Runtime.Robots;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Simulation;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Teleoperation;

/// <summary>
/// Who leads, as given to <c>--teleop</c>. Each kind reads the texts that name it, and answers null to all others.
/// </summary>
public abstract record TeleoperatorSpec
{
    /// <summary>Whether it knows the simulated world and leads nowhere else.</summary>
    public virtual bool NeedsWorld => false;

    /// <summary>Whether it is a script, which does what there is to be done by itself.</summary>
    public virtual bool IsScript => false;

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
            var scale = new ArmScale(opening.CalibrationOf(Address), arm.Scale);
            return new LeaderTeleoperator(
                ToString(),
                opening.PortOf(Address),
                scale,
                opening,
                context.Time,
                context.RateHz
            );
        }

        public override string ToString() => Address.ToString();
    }
}

/// <summary>What a teleoperator is made with.</summary>
/// <param name="Made">The robot that it leads.</param>
/// <param name="Tabletop">The simulated world; null where the robot is not in it.</param>
/// <param name="State">Where the robot is, in the order of its state's names; null while that is not known.</param>
/// <param name="Time">The clock.</param>
/// <param name="RateHz">How often it tells, a second.</param>
public sealed record TeleopContext(
    RobotMade Made,
    SimulatedTabletop? Tabletop,
    Func<IReadOnlyList<float>?> State,
    TimeProvider Time,
    double RateHz
)
{
    /// <summary>How often whoever leads is asked, a second, where nobody says otherwise.</summary>
    public const double UsualHz = 60;
}
