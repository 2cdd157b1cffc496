using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Settings;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Recording;

/// <summary>The dataset that a live run is recorded to: where it is, how many frames a second, what of each.</summary>
internal sealed record RecordingTarget(
    string Directory,
    int Fps,
    string RobotType,
    IReadOnlyList<DatasetFeature> Features
)
{
    /// <summary>Cameras seldom give more, and what lies between is nearly the same.</summary>
    private const double MostWithoutChunks = 30;

    public static RecordingTarget Of(
        string directory,
        int fps,
        IReadOnlyList<DatasetFeature> cameras,
        RobotProfile profile,
        IReadOnlyList<string> stateNames
    )
    {
        List<DatasetFeature> features = [.. cameras];
        if (stateNames.Count > 0)
            features.Add(DatasetFeature.Floats(DatasetFeature.State, stateNames));
        features.Add(
            DatasetFeature.Floats(DatasetFeature.Action, [.. profile.Dimensions.Select(dimension => dimension.Name)])
        );
        return new RecordingTarget(directory, fps, profile.Name, features);
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
    public int ActionCount => Features[^1].Count;

    /// <summary>Begins the dataset, or goes on with the one that is there.</summary>
    /// <exception cref="DatasetException">It cannot be written to, or that one has other features or another
    /// rate.</exception>
    public DatasetWriter Open() =>
        DatasetWriter.Exists(Directory)
            ? DatasetWriter.Append(Directory, Fps, Features)
            : DatasetWriter.Create(Directory, Fps, RobotType, Features);
}
