using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Settings;
using Vla.Sensors.Datasets;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Recording;

/// <summary>The dataset that a live run is recorded to: where it is, how many frames a second, what of each.</summary>
internal sealed record RecordingTarget(
    string Directory,
    int Fps,
    string RobotType,
    IReadOnlyList<DatasetFeature> Features
)
{
    /// <summary>The action that was wanted, before limits; <c>action</c> is the one that was carried out.</summary>
    public const string Wanted = "recorded.wanted";

    /// <summary>
    /// When the action was published and each camera's picture was taken, seconds since the episode's first action:
    /// LeRobot's <c>timestamp</c> is a frame's number divided by the rate.
    /// </summary>
    public const string Seconds = "recorded.seconds";

    /// <summary>1 where a person led, 0 where the policy did.</summary>
    public const string ByHand = "recorded.by_hand";

    /// <summary>1 in every frame of an episode in which what was to be done was done, otherwise 0.</summary>
    public const string Success = "recorded.success";

    /// <summary>Cameras seldom give more, and what lies between is nearly the same.</summary>
    private const double MostWithoutChunks = 30;

    public static RecordingTarget Of(
        string directory,
        int fps,
        IReadOnlyList<DatasetFeature> cameras,
        RobotProfile profile,
        IReadOnlyList<string> stateNames,
        RecordedMore more = RecordedMore.Nothing
    )
    {
        List<DatasetFeature> features = [.. cameras];
        if (stateNames.Count > 0)
            features.Add(DatasetFeature.Floats(DatasetFeature.State, stateNames));
        string[] names = [.. profile.Dimensions.Select(dimension => dimension.Name)];
        features.Add(DatasetFeature.Floats(DatasetFeature.Action, names));
        DatasetFeature[] extra =
        [
            DatasetFeature.Floats(Wanted, names),
            DatasetFeature.Floats(
                Seconds,
                ["action", .. cameras.Select(camera => camera.Name[PictureNames.Prefix.Length..])]
            ),
            new(ByHand, FeatureType.Int64, [1]),
            new(Success, FeatureType.Int64, [1]),
        ];
        var wanted = more switch
        {
            RecordedMore.Nothing => 0,
            RecordedMore.Teleoperation => 2,
            _ => extra.Length,
        };
        // A dataset that somebody else began is continued as it is.
        var begun = DatasetWriter.Exists(directory) ? DatasetWriter.FeaturesOf(directory) : null;
        features.AddRange(
            extra.Take(wanted).Where(feature => begun is null || begun.Any(theirs => theirs.Name == feature.Name))
        );
        // A robot may be named with its port, which is nobody's business who gets the dataset.
        return new RecordingTarget(directory, fps, profile.Name.Split(':')[0], features);
    }

    /// <summary>Frames a second: as set, or else as far apart as the actions of the policy's chunks.</summary>
    /// <param name="settings">May leave it open.</param>
    /// <param name="action">The policy's.</param>
    /// <param name="controlHz">No more than actions are published.</param>
    public static int RateOf(RecordSettings settings, ActionSpec action, double controlHz)
    {
        var wanted =
            settings.RateHz > 0 ? settings.RateHz
            : action.Horizon > 1 ? 1_000 / action.StepMs
            : MostWithoutChunks;
        return Math.Max(1, (int)Math.Round(Math.Min(wanted, Math.Floor(controlHz))));
    }

    /// <summary>The cameras' features, which come first.</summary>
    public IReadOnlyList<DatasetFeature> Cameras { get; } =
    [.. Features.TakeWhile(feature => feature.Type == FeatureType.Video)];

    /// <summary>Numbers of state; 0 for none.</summary>
    public int StateCount => Features.FirstOrDefault(feature => feature.Name == DatasetFeature.State)?.Count ?? 0;

    /// <summary>Numbers of an action.</summary>
    public int ActionCount => Features.First(feature => feature.Name == DatasetFeature.Action).Count;

    /// <summary>Numbers of <see cref="Seconds"/>; 0 where that is not recorded.</summary>
    public int SecondsCount => Features.FirstOrDefault(feature => feature.Name == Seconds)?.Count ?? 0;

    /// <summary>Whether a feature is recorded.</summary>
    public bool Has(string feature) => Features.Any(ours => ours.Name == feature);

    /// <summary>Begins the dataset, or goes on with the one that is there.</summary>
    /// <exception cref="DatasetException">It cannot be written to, or that one has other features or another
    /// rate.</exception>
    public DatasetWriter Open() =>
        DatasetWriter.Exists(Directory)
            ? DatasetWriter.Append(Directory, Fps, Features)
            : DatasetWriter.Create(Directory, Fps, RobotType, Features);
}

/// <summary>What is recorded besides pictures, state and action.</summary>
internal enum RecordedMore
{
    Nothing,

    /// <summary>What was wanted, and true times.</summary>
    Teleoperation,

    /// <summary>The same, who led, and whether the episode succeeded.</summary>
    Policy,
}
