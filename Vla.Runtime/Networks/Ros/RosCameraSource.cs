using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Networks.Ros;

/// <summary>
/// A topic with pictures behind a rosbridge: <c>--camera front=ros://HOST:9090/camera/image_raw/compressed</c>. It has
/// a connection of its own.
/// </summary>
internal sealed record RosCameraSource(NetworkAddress Address) : CameraSource
{
    /// <summary>How it is written, for messages.</summary>
    public const string Written = "ros://HOST[:9090]/TOPIC";

    private static readonly NetworkForm Form = RosKind.Form with { Tail = "[:9090]/TOPIC" };

    private static readonly NetworkOption Type = new(
        "type",
        "TYPE",
        string.Join(" or ", RosType.Pictures.Select(type => type.Name)),
        value => RosType.Of(value) is { } type && RosType.Pictures.Contains(type)
    );

    private static readonly NetworkOption[] Options =
    [
        Type,
        NetworkOption.Rate,
        NetworkOption.Key,
        NetworkOption.Certificate,
        NetworkOption.Timeout,
    ];

    public override string Name => Address.Where;

    /// <summary>With its slash.</summary>
    public string Topic => Address.Path;

    /// <summary>Of its messages: as given, or as topics of that name have it.</summary>
    public RosType MessageType =>
        RosType.Of(Address[Type] ?? "")
        ?? (Topic.EndsWith("/compressed", StringComparison.Ordinal) ? RosType.CompressedImage : RosType.Image);

    /// <summary>
    /// As the bridge is asked for it: as given, or the short name, which bridges to ROS 1 and 2 know.
    /// </summary>
    public string TypeName => Address[Type] ?? MessageType.Name;

    /// <summary>Pictures a second that are wanted at most; 0 for all.</summary>
    public double RateHz => NetworkOption.Number(Address[NetworkOption.Rate] ?? "") ?? 0;

    /// <summary>Reads a text; null when it names another camera.</summary>
    /// <exception cref="CameraException">It is written wrongly.</exception>
    public static RosCameraSource? Read(string text)
    {
        if (NetworkAddress.Read(text, "camera", Form, Options, why => new CameraException(why)) is not { } address)
            return null;
        return RosType.IsTopic(address.Path)
            ? new RosCameraSource(address)
            : throw new CameraException($"camera '{text}' names no topic: use {Form.Written(Options)}");
    }

    public override ICamera Open(TimeProvider time)
    {
        OpenCvNative.EnsureLoaded();
        return RosCamera.Open(this, time);
    }
}
