using System.Globalization;
using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.LeKiwi;

/// <summary>LeKiwi's host, as <c>--robot</c>, <c>--output</c> and <c>--camera</c> name it.</summary>
internal static class LeKiwiKind
{
    private const int UsualStatePort = 5556;

    /// <summary>Where observations come from; commands go to the address's port.</summary>
    public static readonly NetworkOption States = new(
        "states",
        "PORT",
        "1 to 65535",
        value => NetworkOption.Whole(value) is >= 1 and <= 65_535
    );

    public static readonly NetworkForm Form = new("lekiwi", null, UsualPort: 5555, Tail: "[:5555]");

    public static readonly NetworkKind Kind = new()
    {
        Form = Form,
        RobotOptions = [NetworkOption.Profile, States, NetworkOption.Timeout],
        OutputOptions = [States, NetworkOption.Timeout],
        About = "LeRobot's LeKiwi, by its host",
        Make = Make,
        KnowsProfile = true,
    };

    /// <summary>The port that observations come from.</summary>
    public static int StatePort(NetworkAddress address) => NetworkOption.Whole(address[States] ?? "") ?? UsualStatePort;

    /// <summary>As ZeroMQ writes it.</summary>
    public static string Endpoint(NetworkAddress address, int port)
    {
        var host = address.Host.Contains(':') && !address.Host.StartsWith('[') ? $"[{address.Host}]" : address.Host;
        return string.Create(CultureInfo.InvariantCulture, $"tcp://{host}:{port}");
    }

    private static LeKiwiRobot Make(NetworkAddress address, RobotProfile? profile, TimeProvider time)
    {
        var tells = profile is null ? new RobotTells(LeKiwiForm.Names, LeKiwiForm.Units) : RobotTells.Nothing;
        profile ??= address[NetworkOption.Profile] is { } file ? RobotProfile.Load(file) : LeKiwiForm.Profile;
        // Its host knows these names and no others.
        profile.RequireFits(new LeKiwiRobot(address, LeKiwiForm.Profile, tells, time));
        return new LeKiwiRobot(address, profile, tells, time);
    }
}
