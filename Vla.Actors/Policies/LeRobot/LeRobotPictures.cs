using Vla.Actors.Checkpoints;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>The pictures that a LeRobot policy wants, by the names of their cameras.</summary>
internal static class LeRobotPictures
{
    private const int Colours = 3;

    /// <summary>
    /// In the policy's order; each at the size that it was trained on and scaled as the checkpoint says.
    /// </summary>
    /// <param name="directory">The policy's, for messages.</param>
    /// <param name="features">The cameras.</param>
    /// <param name="processors">Its scales, and what is renamed.</param>
    /// <exception cref="PolicyException">There are too many, or two of one name, or one is not of three
    /// colours.</exception>
    public static IReadOnlyDictionary<string, ImageSpec> Of(
        string directory,
        IEnumerable<LeRobotFeature> features,
        LeRobotProcessors processors
    )
    {
        var cameras = features.ToList();
        if (cameras.Count > PictureNames.Most)
            throw new PolicyException(
                $"{directory}: wants {cameras.Count} pictures; {PictureNames.Most} at most can be seen together"
            );
        var pictures = new OrderedDictionary<string, ImageSpec>();
        foreach (var camera in cameras)
        {
            if (camera.Shape is not [Colours, var height, var width])
            {
                throw new PolicyException(
                    $"{directory}: {camera.Key} is {CheckpointShape.Text(camera.Shape.Select(size => (long)size))}, "
                        + $"allowed is [{Colours}, height, width]"
                );
            }

            var name = NameOf(processors.NameOf(camera));
            var (mean, std) = processors.ScaleOf(camera)?.AsInput() ?? (new float[Colours], [1, 1, 1]);
            if (
                !pictures.TryAdd(
                    name,
                    new ImageSpec(height, width, mean, std) { Source = (width, height), TakesNoOtherSize = true }
                )
            )
                throw new PolicyException(
                    $"{directory}: two of its pictures would be called {name}: "
                        + $"{string.Join(", ", cameras.Select(one => one.Key))}"
                );
        }

        return pictures;
    }

    /// <summary>
    /// What the camera of a feature is called: <c>observation.images.front</c> is <c>front</c>,
    /// <c>observation.image</c> is <c>image</c>.
    /// </summary>
    public static string NameOf(string key)
    {
        var name = key.StartsWith(PictureNames.Prefix, StringComparison.Ordinal)
            ? key[PictureNames.Prefix.Length..]
            : key[(key.LastIndexOf('.') + 1)..];
        var plain = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        // A number alone is a device.
        return PictureNames.IsValid(plain) ? plain
            : PictureNames.IsValid($"camera_{plain}") ? $"camera_{plain}"
            : PictureNames.Unnamed;
    }
}
