using Vla.Actors.Policies.Remote;
using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.Mqtt;

/// <summary>An MQTT broker, as <c>--robot</c> and <c>--output</c> name it.</summary>
internal static class MqttKind
{
    /// <summary>Who this is, to the broker.</summary>
    public static readonly NetworkOption User = new("user", "NAME", "a name", value => value.Trim().Length > 0);

    /// <summary>The version of MQTT.</summary>
    public static readonly NetworkOption Version = new(
        "version",
        "5|3.1.1",
        "5 or 3.1.1",
        value => value is "5" or "3.1.1"
    );

    private static readonly NetworkOption Password = NetworkOption.File("password");

    private static readonly NetworkOption[] Session =
    [
        User,
        Password,
        NetworkOption.Certificate,
        Version,
        NetworkOption.Timeout,
    ];

    public static readonly NetworkKind Kind = new()
    {
        Form = new NetworkForm("mqtt", "mqtts", UsualPort: 1883, Tail: "[:1883][/TOPICS]") { SecurePort = 8883 },
        RobotOptions = [NetworkOption.Profile, NetworkOption.State, NetworkOption.Rate, .. Session],
        OutputOptions = Session,
        About = "JSON by an MQTT broker, last will stop; mqtts too",
        Make = Make,
    };

    /// <summary>What is in the file of the password; null where none is named.</summary>
    /// <exception cref="RobotException">It cannot be read, others can read it, or it is none.</exception>
    public static string? ReadPassword(NetworkAddress address) =>
        address[Password] is { } file ? WireKey.Read(file, (why, inner) => new RobotException(why, inner)) : null;

    private static MqttRobot Make(NetworkAddress address, RobotProfile? profile, TimeProvider time)
    {
        if (!MqttTopics.IsPrefix(address.Path))
            throw new UsageException($"'{address}' has + or # in its topics: allowed is a prefix such as arm/left");
        if (address[Password] is not null && address[User] is null)
            throw new UsageException($"'{address}' has a password and no name: give user=NAME too");
        if (profile is not null)
            return new MqttRobot(address, profile, RobotTells.Nothing, time);
        var own = ProfileFile.Load(address);
        return new MqttRobot(address, own, RobotTells.Of(address[NetworkOption.State], own), time);
    }
}
