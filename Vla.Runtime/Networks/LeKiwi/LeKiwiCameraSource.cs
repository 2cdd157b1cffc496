using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Networks.LeKiwi;

/// <summary>A camera of LeKiwi's host: <c>--camera front=lekiwi://HOST/front</c>.</summary>
internal sealed record LeKiwiCameraSource(NetworkAddress Address) : CameraSource
{
    /// <summary>How it is written, for messages.</summary>
    public const string Written = "lekiwi://HOST[:5555]/NAME";

    private static readonly NetworkForm Form = LeKiwiKind.Form with { Tail = "[:5555]/NAME" };

    private static readonly NetworkOption[] Options = [LeKiwiKind.States, NetworkOption.Timeout];

    public override string Name => Address.Where;

    /// <summary>What the host calls it.</summary>
    public string Camera => Address.Path.Trim('/');

    /// <summary>Reads a text; null when it names another camera.</summary>
    /// <exception cref="CameraException">It is written wrongly.</exception>
    public static LeKiwiCameraSource? Read(string text)
    {
        if (NetworkAddress.Read(text, "camera", Form, Options, why => new CameraException(why)) is not { } address)
            return null;
        var source = new LeKiwiCameraSource(address);
        return source.Camera.Length > 0
            ? source
            : throw new CameraException($"camera '{text}' names none of the host's: use {Form.Written(Options)}");
    }

    public override ICamera Open(TimeProvider time)
    {
        OpenCvNative.EnsureLoaded();
        return LeKiwiCamera.Open(this, time);
    }
}
