using System.Text.RegularExpressions;

namespace Vla.Runtime.Networks.Ros;

/// <summary>A type of messages that is spoken here.</summary>
/// <param name="Name">The short one, as ROS 1 has it: <c>sensor_msgs/JointState</c>.</param>
/// <param name="Fields">Where values can go, for a type without a list of names.</param>
internal sealed partial record RosType(string Name, IReadOnlyList<string> Fields)
{
    private static readonly string[] TwistFields =
    [
        "linear.x",
        "linear.y",
        "linear.z",
        "angular.x",
        "angular.y",
        "angular.z",
    ];

    public static readonly RosType JointState = new("sensor_msgs/JointState", []);
    public static readonly RosType JointTrajectory = new("trajectory_msgs/JointTrajectory", []);
    public static readonly RosType Float64MultiArray = new("std_msgs/Float64MultiArray", []);
    public static readonly RosType Twist = new("geometry_msgs/Twist", TwistFields);
    public static readonly RosType TwistStamped = new("geometry_msgs/TwistStamped", TwistFields);
    public static readonly RosType Image = new("sensor_msgs/Image", []);
    public static readonly RosType CompressedImage = new("sensor_msgs/CompressedImage", []);

    /// <summary>Those that can carry an action.</summary>
    public static readonly IReadOnlyList<RosType> Commands =
    [
        JointState,
        JointTrajectory,
        Float64MultiArray,
        Twist,
        TwistStamped,
    ];

    /// <summary>Those of pictures.</summary>
    public static readonly IReadOnlyList<RosType> Pictures = [Image, CompressedImage];

    /// <summary>By its short or its long name; null for one that is not spoken.</summary>
    public static RosType? Of(string name)
    {
        var shortName = name.Replace("/msg/", "/", StringComparison.Ordinal);
        return Commands.Concat(Pictures).FirstOrDefault(type => type.Name == shortName);
    }

    /// <summary>Whether a text can be a topic's name.</summary>
    public static bool IsTopic(string text) => Topic().IsMatch(text);

    public bool Equals(RosType? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    [GeneratedRegex("^/?[A-Za-z~][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*$")]
    private static partial Regex Topic();
}
