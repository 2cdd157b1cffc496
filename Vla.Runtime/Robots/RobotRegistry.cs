using Vla.Actors.Robots;
using Vla.Runtime.Networks;
using Vla.Runtime.Networks.LeKiwi;
using Vla.Runtime.Networks.Mqtt;
using Vla.Runtime.Networks.Ros;
using Vla.Runtime.Networks.WebSockets;
using Vla.Runtime.Registries;
using Vla.Runtime.Robots.Networks;
using Vla.Runtime.Servos.Arms;

namespace Vla.Runtime.Robots;

/// <summary>The kinds of robots that <c>--robot</c> can name.</summary>
internal static class RobotRegistry
{
    private static readonly Registry<RobotSpec> Kinds = new(
        new("world[?profile=FILE]", RobotSpec.World.Read, "the simulated arm"),
        new("dll:FILE[?profile=FILE][#ARGUMENT]", RobotSpec.Library.Read, "your own robot"),
        new(ArmAddress.Form, RobotSpec.Arm.Read, "an arm with serial servos; so100 and koch too"),
        OnNetwork(WebSocketKind.Kind),
        OnNetwork(RosKind.Kind),
        OnNetwork(MqttKind.Kind),
        OnNetwork(LeKiwiKind.Kind),
        new("the FILE of a robot profile", RobotSpec.ProfileFile.Read)
    );

    /// <summary>All forms and what they are, for the help of commands.</summary>
    public static string Help => Kinds.Help;

    /// <summary>What a text names.</summary>
    /// <param name="text">As given.</param>
    /// <param name="folder">Where relative paths in it count from.</param>
    /// <exception cref="RobotProfileException">It names no kind of robot, and no file that is there.</exception>
    /// <exception cref="UsageException">It is written wrongly.</exception>
    public static RobotSpec Parse(string text, string folder)
    {
        var spec = Kinds.Find(text)!.RelativeTo(folder);
        if (spec is RobotSpec.ProfileFile { File: var file } && !File.Exists(file))
            throw new RobotProfileException(
                $"robot profile {file} cannot be read: it is not there; give {Kinds.Possible}"
            );
        return spec;
    }

    private static Kind<RobotSpec> OnNetwork(NetworkKind kind) =>
        new(kind.RobotForm, NetworkSpec.Reader(kind), kind.About);

    /// <summary>The same text with paths that hold wherever one is.</summary>
    public static string WithFullPaths(string text) => $"{Kinds.Find(text)!.RelativeTo(Environment.CurrentDirectory)}";
}
