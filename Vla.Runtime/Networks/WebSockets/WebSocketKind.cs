using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.WebSockets;

/// <summary>Plain JSON over a WebSocket, as <c>--robot</c> and <c>--output</c> name it.</summary>
internal static class WebSocketKind
{
    public static readonly NetworkKind Kind = new()
    {
        Form = new NetworkForm("ws", "wss", UsualPort: 80, Tail: "[:PORT][/PATH]"),
        RobotOptions =
        [
            NetworkOption.Profile,
            NetworkOption.State,
            NetworkOption.Rate,
            NetworkOption.Key,
            NetworkOption.Certificate,
            NetworkOption.Timeout,
        ],
        OutputOptions = [NetworkOption.Key, NetworkOption.Certificate, NetworkOption.Timeout],
        About = "JSON over a WebSocket; wss too",
        Make = Make,
    };

    private static WebSocketRobot Make(NetworkAddress address, RobotProfile? profile, TimeProvider time)
    {
        if (profile is not null)
            return new WebSocketRobot(address, profile, RobotTells.Nothing, time);
        var own = ProfileFile.Load(address);
        return new WebSocketRobot(address, own, RobotTells.Of(address[NetworkOption.State], own), time);
    }
}
