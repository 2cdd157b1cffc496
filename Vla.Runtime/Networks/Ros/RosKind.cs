using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.Ros;

/// <summary>A rosbridge, as <c>--robot</c> and <c>--output</c> name it.</summary>
internal static class RosKind
{
    /// <summary>How its addresses are written; a camera's have a topic behind the port.</summary>
    public static readonly NetworkForm Form = new("ros", "ros+tls", UsualPort: 9090, Tail: "[:9090]");

    public static readonly NetworkKind Kind = new()
    {
        Form = Form,
        RobotOptions = [NetworkOption.Profile, NetworkOption.Key, NetworkOption.Certificate, NetworkOption.Timeout],
        OutputOptions = [NetworkOption.Profile, NetworkOption.Key, NetworkOption.Certificate, NetworkOption.Timeout],
        About = "ROS 1 or 2 by a rosbridge",
        Make = Make,
    };

    private static RosRobot Make(NetworkAddress address, RobotProfile? profile, TimeProvider time)
    {
        var file = ProfileFile.Of(address);
        var own = RobotProfile.Load(file);
        var ros = RosProfile.Read(file, own);
        if (profile is null)
            return new RosRobot(address, own, ros, time);
        var robot = new RosRobot(address, own, ros with { States = [] }, time);
        // The same dimensions in the same units: what is published is what the topics are told.
        profile.RequireFits(robot);
        return robot;
    }
}
