using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>What the parts of an observation are called on a wire, and which actions come back.</summary>
/// <remarks>
/// Where nothing is said of pictures or state, they go by the names of their features:
/// <c>observation.images.front</c>, <c>observation.state</c>.
/// </remarks>
internal sealed record WireLayout
{
    /// <summary>What the state is called by its feature.</summary>
    public const string StateFeature = "observation.state";

    /// <summary>Parts by the names of their features.</summary>
    public static WireLayout Features { get; } = new() { Name = "features" };

    /// <summary>As it stands in messages: <c>libero</c>.</summary>
    public required string Name { get; init; }

    /// <summary>In the order of the policy's pictures; null: by the names of their features.</summary>
    public IReadOnlyList<WirePicture>? Pictures { get; init; }

    /// <summary>The robot's state in pieces, in its order; null: all of it by its feature's name.</summary>
    public IReadOnlyList<WireState>? State { get; init; }

    /// <summary>What the words are called; null for a policy that is told none.</summary>
    public string? Prompt { get; init; } = "prompt";

    /// <summary>
    /// What the numbers of an action come under, in their order; null: all of them together, or as they come.
    /// </summary>
    public IReadOnlyList<string>? ActionKeys { get; init; }

    /// <summary>How many numbers an action has; null where the robot says so.</summary>
    public int? Actions { get; init; }

    /// <summary>Time from one action of a chunk to the next, milliseconds; null where the robot says so.</summary>
    public double? StepMs { get; init; }

    /// <summary>So many actions of a chunk are carried out before the next; null: always the freshest plan.</summary>
    public int? Execute { get; init; }

    /// <summary>How many numbers of state go out; null: as many as the robot tells.</summary>
    public int? StateCount =>
        State is null || State.Any(part => part.Count == 0) ? null : State.Sum(part => part.Count);

    /// <summary>The same with the number of every piece, of so many in all.</summary>
    /// <returns>Null where they cannot be dealt out.</returns>
    public WireLayout? Of(int numbers)
    {
        if (State is null || State.All(part => part.Count > 0))
            return this;
        var (open, left) = (State.Count(part => part.Count == 0), numbers - State.Sum(part => part.Count));
        var each =
            open == 1 ? left
            : left == open ? 1
            : 0;
        return each < 1
            ? null
            : this with
            {
                State = [.. State.Select(part => part.Count == 0 ? part with { Count = each } : part)],
            };
    }
}

/// <summary>A picture on a wire.</summary>
/// <param name="Name">What the camera is called here.</param>
/// <param name="Key">What it is called there.</param>
/// <param name="Height">Rows of the pictures that are sent.</param>
/// <param name="Width">Columns.</param>
internal sealed record WirePicture(string Name, string Key, int Height, int Width)
{
    /// <summary>What published policies mostly take.</summary>
    public const int UsualSize = 224;

    /// <summary>The map that it lies in there; empty for none.</summary>
    public string Group { get; init; } = "";

    /// <summary>What becomes of a camera's picture of another shape.</summary>
    public ImageFit Fit { get; init; }

    /// <summary>[3, height, width] instead of [height, width, 3].</summary>
    public bool ChannelsFirst { get; init; }

    /// <summary>Where it is in a message.</summary>
    public string Path => Group.Length == 0 ? Key : $"{Group}/{Key}";

    /// <summary>How a camera's picture becomes it: values of 0 to 1, which become bytes of 0 to 255 again.</summary>
    public ImageSpec Spec =>
        new(Height, Width, [0, 0, 0], [1, 1, 1])
        {
            Fit = Fit,
            // As the policies have it that want such a border.
            Sampling = Fit switch
            {
                ImageFit.Pad => ImageSampling.Linear,
                ImageFit.Letterbox => ImageSampling.Bicubic,
                _ => ImageSampling.Averaged,
            },
        };

    /// <summary>One that is called by its feature on both sides.</summary>
    public static WirePicture OfFeature(string name, int height = UsualSize, int width = UsualSize) =>
        new(name, PictureNames.Feature(name), height, width);
}

/// <summary>A piece of the robot's state on a wire.</summary>
/// <param name="Key">What it is called there.</param>
/// <param name="Count">How many numbers; 0 where the robot says so.</param>
internal sealed record WireState(string Key, int Count)
{
    /// <summary>float64 instead of float32.</summary>
    public bool IsDouble { get; init; }
}
