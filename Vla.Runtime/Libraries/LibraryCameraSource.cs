using Vla.Actors.Robots;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Libraries;

/// <summary>A camera that somebody else wrote: <c>dll:FILE#ARGUMENT</c>.</summary>
/// <param name="File">The assembly with the one public <see cref="ICamera"/>.</param>
/// <param name="Argument">Given to its constructor, if that takes a text.</param>
internal sealed record LibraryCameraSource(string File, string Argument) : CameraSource
{
    /// <summary>Below the bound on opening a camera, so that it is this that is said.</summary>
    private static readonly TimeSpan LongestMaking = TimeSpan.FromSeconds(10);

    /// <remarks>Without the argument, which may hold a password.</remarks>
    public override string Name => $"{LibraryName.Prefix}{File}";

    /// <summary>Reads <c>dll:FILE#ARGUMENT</c>; null when the text names another camera.</summary>
    public static LibraryCameraSource? Read(string text) =>
        LibraryName.Read(text, takesProfile: false, why => new CameraException($"camera {why}")) is { } name
            ? new LibraryCameraSource(name.File, name.Argument)
            : null;

    public override ICamera Open(TimeProvider time)
    {
        Sensors.OpenCvNative.EnsureLoaded();
        var request = new LibraryRequest("camera", File, LongestMaking, (why, inner) => new CameraException(why, inner))
        {
            Arguments = new Dictionary<Type, object?> { [typeof(string)] = Argument, [typeof(TimeProvider)] = time },
            Others = [(typeof(IActionOutput), "takes actions: give it with --robot or --output")],
        };
        CameraDescription? description = null;
        var live = false;
        var camera = LibraryLoader.Load<ICamera>(
            request,
            made =>
                (description, live) = (
                    made.Description ?? throw new InvalidOperationException("it has no Description"),
                    made.IsLive
                )
        );
        return new LibraryCamera(camera, description!, live, time);
    }
}
