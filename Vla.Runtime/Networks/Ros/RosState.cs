using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.Ros;

/// <summary>What a joint state tells of a joint.</summary>
internal enum RosQuantity
{
    Position,
    Velocity,
    Effort,
}

/// <summary>One value of the robot's state, out of joint states.</summary>
/// <param name="Name">As the profile and policies call it: <c>shoulder</c>, <c>shoulder.vel</c>.</param>
/// <param name="Unit">As the profile has it.</param>
/// <param name="Joint">What ROS calls the joint, UTF-8.</param>
/// <param name="Quantity">What of it.</param>
/// <param name="Scale">What ROS's value is multiplied by.</param>
internal sealed record RosStatePart(string Name, string Unit, byte[] Joint, RosQuantity Quantity, float Scale)
{
    /// <summary>
    /// A position is in its dimension's unit, or in radians; the others have their quantity in the name.
    /// </summary>
    public static RosStatePart Of(string name, string joint, RosQuantity quantity, RobotProfile profile)
    {
        var unit = profile.Dimensions.FirstOrDefault(dimension => dimension.Name == name)?.Unit ?? "rad";
        var isDegrees = unit == "deg";
        var (suffix, told) = quantity switch
        {
            RosQuantity.Position => ("", unit),
            RosQuantity.Velocity => (".vel", unit.EndsWith("/s", StringComparison.Ordinal) ? unit : unit + "/s"),
            _ => (".effort", unit == "m" ? "N" : "N·m"),
        };
        return new RosStatePart(
            name + suffix,
            told,
            System.Text.Encoding.UTF8.GetBytes(joint),
            quantity,
            isDegrees && quantity != RosQuantity.Effort ? 180 / MathF.PI : 1
        );
    }
}

/// <summary>A topic on which a robot says where it is.</summary>
/// <param name="Topic">With joint states.</param>
/// <param name="Parts">What is taken of them.</param>
internal sealed record RosState(string Topic, IReadOnlyList<RosStatePart> Parts)
{
    /// <summary>Messages a second that are wanted at most; 0 for all.</summary>
    public double RateHz { get; init; }

    public IEnumerable<string> Names => Parts.Select(part => part.Name);
}
