using OpenCvSharp;

namespace Vla.Sensors.Datasets;

/// <summary>One thing that is recorded at every frame of a dataset.</summary>
/// <param name="Name">Its column, such as <c>observation.state</c>.</param>
/// <param name="Type">What one value is.</param>
/// <param name="Shape">Sizes: [count] of numbers, [height, width, 3] of pictures.</param>
/// <param name="Names">Names of the numbers or axes; null when they have none.</param>
public sealed record DatasetFeature(
    string Name,
    FeatureType Type,
    IReadOnlyList<int> Shape,
    IReadOnlyList<string>? Names = null
)
{
    /// <summary>The key of the robot's state.</summary>
    public const string State = "observation.state";

    /// <summary>The key of the actions.</summary>
    public const string Action = "action";

    /// <summary>The key of the pictures of a camera without a name of its own.</summary>
    public const string FrontCamera = "observation.images.front";

    /// <summary>
    /// True when its numbers are tasks' indices: given as text while recording, see
    /// <see cref="EpisodeRecording.SetTasks"/>.
    /// </summary>
    public bool AreTasks { get; init; }

    /// <summary>LeRobot's names of the types that fractions are kept in.</summary>
    internal static IReadOnlyList<string> FractionTypes { get; } = ["float32", "float64", "float16"];

    /// <summary>LeRobot's names of the types that whole numbers are kept in, and of yes and no.</summary>
    internal static IReadOnlyList<string> WholeTypes { get; } =
    ["int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"];

    /// <summary>What every dataset has besides its own features, filled in by the writer.</summary>
    internal static IReadOnlyList<DatasetFeature> Standard { get; } =
    [
        new("timestamp", FeatureType.Float32, [1]),
        new("frame_index", FeatureType.Int64, [1]),
        new("episode_index", FeatureType.Int64, [1]),
        new("index", FeatureType.Int64, [1]),
        new("task_index", FeatureType.Int64, [1]),
    ];

    /// <summary>Numbers in one value.</summary>
    public int Count => Shape.Aggregate(1, (product, size) => checked(product * size));

    /// <summary>Of pictures, pixels; null when their shape does not say, or for numbers.</summary>
    public (int Width, int Height)? PictureSize
    {
        get
        {
            if (!IsPicture || Shape.Count != 3)
                return null;
            // By name where there are names; LeRobot's own order is height, width, channels.
            var names = Names?.Count == 3 ? Names.ToList() : [];
            var (height, width) = (names.IndexOf("height"), names.IndexOf("width"));
            if (height >= 0 && width >= 0)
                return (Shape[width], Shape[height]);
            return Shape[2] is 1 or 3 or 4 ? (Shape[1], Shape[0])
                : Shape[0] is 1 or 3 or 4 ? (Shape[2], Shape[1])
                : null;
        }
    }

    /// <summary>
    /// What is wrong with a picture's size, in words; null when nothing is, or the shape does not say.
    /// </summary>
    internal string? WrongSize(Size size) =>
        PictureSize is var (width, height) && (size.Width != width || size.Height != height)
            ? $"has {size.Width}x{size.Height} pixels, meta/info.json says {width}x{height}"
            : null;

    /// <summary>Whether it holds pictures, as video or one by one.</summary>
    public bool IsPicture => Type is FeatureType.Video or FeatureType.Image;

    /// <summary>Numbers with a name each: one 32-bit float for each name in every frame.</summary>
    public static DatasetFeature Floats(string name, IReadOnlyList<string> names) =>
        new(name, FeatureType.Float32, [names.Count], names);

    /// <summary>So many 32-bit floats in every frame, without names.</summary>
    public static DatasetFeature Floats(string name, int count) => new(name, FeatureType.Float32, [count]);

    /// <summary>So many numbers of tasks in every frame, each of <c>meta/tasks.parquet</c>.</summary>
    public static DatasetFeature Tasks(string name, int count) =>
        new(name, FeatureType.Int64, [count]) { AreTasks = true };

    /// <summary>A camera's pictures, as video.</summary>
    public static DatasetFeature Camera(string name, int width, int height) =>
        new(name, FeatureType.Video, [height, width, 3], ["height", "width", "channels"]);

    /// <summary>What it is in a few words: its name, its sizes, and the names of its numbers.</summary>
    public override string ToString()
    {
        var what = IsPicture ? $"pictures of {string.Join('x', Shape.Take(2).Reverse())}" : $"{Count} numbers";
        return Names is null || IsPicture ? $"{Name} ({what})" : $"{Name} ({what}: {string.Join(' ', Names)})";
    }

    /// <summary>True when both hold the same numbers or pictures.</summary>
    internal bool Fits(DatasetFeature other) =>
        Name == other.Name
        && Type == other.Type
        && Shape.SequenceEqual(other.Shape)
        && (IsPicture || Names is null || other.Names is null || Names.SequenceEqual(other.Names));
}

/// <summary>What a feature's values are.</summary>
public enum FeatureType
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>64-bit whole numbers.</summary>
    Int64,

    /// <summary>Pictures in a video file.</summary>
    Video,

    /// <summary>Pictures one by one among the columns; only read.</summary>
    Image,

    /// <summary>Something else, which is passed over when reading.</summary>
    Other,
}
