using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Driving;

/// <summary>
/// An episode's recorded actions, carried out again: to its first pose slowly, then in their own time.
/// </summary>
internal sealed class EpisodeReplay
{
    /// <summary>There is near enough: this share of a dimension's range.</summary>
    private const double NearShare = 0.03;

    private static readonly TimeSpan LongestApproach = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly float[][] _rows;
    private readonly double _fps;

    private EpisodeReplay(float[][] rows, double fps) => (_rows, _fps) = (rows, fps);

    public int Length => _rows.Length;

    /// <summary>What there is to say of the dataset; null when there is nothing.</summary>
    public string? Note { get; private init; }

    public TimeSpan Duration => TimeSpan.FromSeconds(_rows.Length / _fps);

    /// <summary>Its first action.</summary>
    public float[] First => _rows[0];

    /// <summary>Its last action.</summary>
    public float[] Last => _rows[^1];

    /// <summary>The action that is due so long after the first; null when it is over.</summary>
    public float[]? RowAt(long sinceNs)
    {
        var row = (int)(sinceNs / 1e9 * _fps);
        return row < _rows.Length ? _rows[row] : null;
    }

    /// <summary>Reads all episodes of a dataset.</summary>
    /// <param name="directory">The dataset's.</param>
    /// <param name="profile">The robot's: the actions must be its own.</param>
    /// <exception cref="DatasetException">It cannot be read.</exception>
    /// <exception cref="UsageException">There are none, or its actions are another robot's.</exception>
    public static IReadOnlyList<EpisodeReplay> ReadAll(string directory, RobotProfile profile)
    {
        int[] episodes;
        using (var dataset = LeRobotDataset.Open(directory))
            episodes = [.. dataset.Episodes.Select(one => one.Index)];
        if (episodes.Length == 0)
            throw new UsageException($"{directory} has no episodes: there is nothing to replay");
        return [.. episodes.Select(episode => Read(directory, episode, profile))];
    }

    /// <summary>Reads an episode of a dataset.</summary>
    /// <param name="directory">The dataset's.</param>
    /// <param name="episode">Its number.</param>
    /// <param name="profile">The robot's: the actions must be its own.</param>
    /// <exception cref="DatasetException">It cannot be read.</exception>
    /// <exception cref="UsageException">There is no such episode, or its actions are another robot's.</exception>
    public static EpisodeReplay Read(string directory, int episode, RobotProfile profile)
    {
        using var dataset = LeRobotDataset.Open(directory);
        var found =
            dataset.Episodes.FirstOrDefault(one => one.Index == episode)
            ?? throw new UsageException(
                $"--episode is {episode}: {directory} has {dataset.Episodes.Count} episodes, numbered from 0"
            );
        var feature =
            dataset.Info.Features.FirstOrDefault(one => one.Name == DatasetFeature.Action)
            ?? throw new UsageException($"{directory} has no '{DatasetFeature.Action}': there is nothing to replay");
        var names = profile.Dimensions.Select(dimension => dimension.Name).ToList();
        if (feature.Names is { } recorded ? !recorded.SequenceEqual(names) : feature.Count != names.Count)
        {
            throw new UsageException(
                $"{directory} has the actions {string.Join(' ', feature.Names ?? [$"{feature.Count} without names"])}, "
                    + $"the robot takes {string.Join(' ', names)}: replay it on the robot that it was recorded with"
            );
        }

        var values = dataset.Read(found).Floats(DatasetFeature.Action).Span;
        var rows = new float[found.Length][];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = values.Slice(i * names.Count, names.Count).ToArray();
        return new EpisodeReplay(rows, dataset.Info.Fps) { Note = dataset.Note };
    }

    /// <summary>Carries it out.</summary>
    /// <param name="drive">Started.</param>
    /// <param name="time">The clock.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RobotException">The robot does not get to the first pose, or stops on the way.</exception>
    public async Task RunAsync(DirectDrive drive, TimeProvider time, Action<string> say, CancellationToken cancellation)
    {
        say("goes slowly to the first pose");
        await ApproachAsync(drive, time, cancellation);
        say($"replays {Length} actions in {Duration.TotalSeconds:0.0} s");
        var beganNs = time.NowNs();
        while (true)
        {
            var row = (int)((time.NowNs() - beganNs) / 1e9 * _fps);
            if (row >= _rows.Length)
                return;
            drive.Offer(_rows[row], time.NowNs());
            if (drive.Control.Last is { State: ControlState.Stop } stop)
                throw new RobotException($"the replay ended at action {row + 1} of {Length}: {stop.Reason}");
            await Task.Delay(TimeSpan.FromSeconds(0.5 / _fps), time, cancellation);
        }
    }

    private async Task ApproachAsync(DirectDrive drive, TimeProvider time, CancellationToken cancellation)
    {
        var first = _rows[0];
        var beganNs = time.NowNs();
        while (FurthestFrom(drive, first) is { } away)
        {
            if (time.NowNs() - beganNs > LongestApproach.TotalNanoseconds)
            {
                throw new RobotException(
                    $"the robot does not get to the episode's first pose: {away}"
                        + (drive.Note is { } note ? $"; {note}" : "")
                        + (drive.Control.Last is { Reason.Length: > 0 } last ? $"; {last.Reason}" : "")
                );
            }

            drive.Offer(first, time.NowNs());
            await Task.Delay(Look, time, cancellation);
        }
    }

    /// <summary>Which joint is not there yet, in words; null when all are, or the robot does not tell.</summary>
    private static string? FurthestFrom(DirectDrive drive, float[] pose)
    {
        if (drive.StateNames.Count == 0)
            return null;
        if (drive.State() is not { } state)
            return "it is not known where it is";
        var names = drive.StateNames.ToList();
        for (var i = 0; i < pose.Length; i++)
        {
            var dimension = drive.Profile.Dimensions[i];
            var place = names.IndexOf(dimension.Name);
            if (place < 0)
                continue;
            var wanted = Math.Clamp(pose[i], dimension.Minimum, dimension.Maximum);
            if (Math.Abs(state[place] - wanted) > NearShare * (dimension.Maximum - dimension.Minimum))
                return $"{dimension.Name} is {state[place]:0.#}, wanted is {wanted:0.#}";
        }

        return null;
    }
}
