using Vla.Runtime.Registries;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Settings;

/// <summary>A camera as given to <c>--camera</c> and in <c>config/vla.json</c>: <c>[NAME=]SOURCE</c>.</summary>
/// <param name="Name">What its pictures are called everywhere.</param>
/// <param name="Source">Where they come from.</param>
internal sealed record NamedCamera(string Name, CameraSource Source)
{
    /// <summary>What is used where no camera is given.</summary>
    public const string Default = "world";

    private const string Help = "write --camera NAME=SOURCE, like --camera wrist=/dev/video2";

    /// <summary>Reads the cameras of a run.</summary>
    /// <param name="cameras">One text for each; none means <see cref="Default"/>.</param>
    /// <exception cref="UsageException">A name is none, or two are the same.</exception>
    /// <exception cref="CameraException">A source is none.</exception>
    public static IReadOnlyList<NamedCamera> ReadAll(IReadOnlyList<string> cameras)
    {
        if (cameras.Count > PictureNames.Most)
            throw new UsageException(
                $"{cameras.Count} cameras are given: at most {PictureNames.Most} can be used together"
            );
        var read = new List<NamedCamera>();
        foreach (var text in cameras.Count == 0 ? [Default] : cameras)
        {
            var (name, source) = Split(text);
            // Some file systems and settings hold two names that differ in this for one.
            if (read.Find(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } twice)
            {
                throw new UsageException(
                    $"two cameras have the name '{twice.Name}' ('{twice.Source.Name}' and '{source}'): each needs "
                        + $"its own; {Help}"
                );
            }

            read.Add(new NamedCamera(name, CameraRegistry.Parse(source)));
        }

        return read;
    }

    /// <summary>
    /// The camera that policy and robot are chosen by: the simulated table's where there is one, or the first.
    /// </summary>
    public static CameraSource Deciding(IReadOnlyList<NamedCamera> cameras) =>
        (cameras.FirstOrDefault(camera => camera.Source is WorldCameraSource) ?? cameras[0]).Source;

    /// <summary>Splits <c>[NAME=]SOURCE</c>; a camera without a name is <see cref="PictureNames.Unnamed"/>.</summary>
    /// <exception cref="UsageException">There is a name that is none, or nothing after it.</exception>
    internal static (string Name, string Source) Split(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        // In a path, a URL or behind a '?' it is part of the source.
        if (equals < 0 || text.AsSpan(0, equals).IndexOfAny("/\\?:.") >= 0)
            return (PictureNames.Unnamed, text);
        var (name, source) = (text[..equals], text[(equals + 1)..]);
        if (!PictureNames.IsValid(name))
            throw new UsageException(
                $"camera '{text}' has the name '{name}': a name is {PictureNames.Rule}; a file with '=' in its name "
                    + $"is given as ./{text}"
            );
        if (string.IsNullOrWhiteSpace(source))
            throw new UsageException($"camera '{text}' has a name and no source: {Help}");
        return (name, source);
    }
}
