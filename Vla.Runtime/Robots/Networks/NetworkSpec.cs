using Vla.Runtime.Networks;

namespace Vla.Runtime.Robots.Networks;

/// <summary>A robot on a network, as given to <c>--robot</c>.</summary>
internal sealed record NetworkSpec(NetworkKind Kind, NetworkAddress Address) : RobotSpec
{
    public override string? Profile => Address[NetworkOption.Profile];

    public override bool MovesRobots => true;

    /// <summary>Reads the address of one kind; null for another text.</summary>
    public static Func<string, RobotSpec?> Reader(NetworkKind kind) =>
        text =>
            NetworkAddress.Read(text, "robot", kind.Form, kind.RobotOptions, why => new UsageException(why))
                is { } address
                ? new NetworkSpec(kind, address)
                : null;

    public override RobotSpec RelativeTo(string folder) =>
        this with
        {
            Address = Address.RelativeTo(folder, Kind.RobotOptions),
        };

    public override RobotMade Make(RobotContext context)
    {
        var robot = Kind.Make(Address, null, context.Time);
        return new RobotMade(robot, robot.Profile);
    }

    public override string ToString() => Address.ToString();
}
