using Vla.Actors.Training;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Learning;

/// <summary>Takes the lessons out of a dataset's columns, once it is sure that they fit the policy.</summary>
/// <remarks>
/// Numbers of state and action are found by name, in whatever order they were recorded; without names, by place.
/// </remarks>
internal sealed class LessonReader
{
    private readonly LeRobotDataset _dataset;
    private readonly TrainingTemplate _policy;
    private readonly ColumnChoice _action;
    private readonly ColumnChoice? _state;
    private readonly ExpertLessons? _expert;

    private LessonReader(
        LeRobotDataset dataset,
        TrainingTemplate policy,
        ColumnChoice action,
        ColumnChoice? state,
        ExpertLessons? expert
    )
    {
        (_dataset, _policy, _action, _state, _expert) = (dataset, policy, action, state, expert);
    }

    public int LessonsPerFrame => _expert?.Count ?? 1;

    /// <exception cref="UsageException">The dataset lacks what the policy wants; the message names feature and
    /// mend.</exception>
    public static LessonReader Create(LeRobotDataset dataset, TrainingTemplate policy, bool usesExpert, string camera)
    {
        var action = ColumnChoice.Find(dataset, DatasetFeature.Action, policy.ActionNames, "action.names");
        var state =
            policy.StateNames.Count == 0
                ? null
                : ColumnChoice.Find(dataset, DatasetFeature.State, policy.StateNames, "state.names");
        var expert = usesExpert ? ExpertLessons.Find(dataset, policy, action, camera) : null;
        var longest = dataset.Episodes.Max(episode => episode.Length);
        if (expert is null && policy.Horizon > longest)
            throw new UsageException(
                $"the policy's chunk has {policy.Horizon} actions (action.horizon), the longest episode of dataset "
                    + $"'{dataset.Directory}' {longest} frames: choose a smaller horizon (an ACT's chunk_size) in "
                    + "--policy-config"
            );
        return new LessonReader(dataset, policy, action, state, expert);
    }

    /// <summary>Reads an episode's numbers.</summary>
    /// <exception cref="DatasetException">They are damaged.</exception>
    public EpisodeLessons Open(DatasetEpisode episode)
    {
        var frames = _dataset.Read(episode);
        var actions = _action.Take(frames, episode.Index);
        return new EpisodeLessons(
            episode.Index,
            frames,
            actions,
            _state?.Take(frames, episode.Index),
            _policy,
            _expert?.Open(frames)
        );
    }
}

/// <summary>The lessons of one episode.</summary>
/// <param name="episode">Its number.</param>
/// <param name="frames">Its columns.</param>
/// <param name="actions">[frames, actions], in the policy's order.</param>
/// <param name="states">[frames, state], in the policy's order; null for a policy that takes none.</param>
/// <param name="policy">What is wanted.</param>
/// <param name="expert">What only a simulator knows; null when nobody does.</param>
internal sealed class EpisodeLessons(
    int episode,
    EpisodeFrames frames,
    float[] actions,
    float[]? states,
    TrainingTemplate policy,
    ExpertLessons.OfEpisode? expert
)
{
    private readonly float[] _chunk = new float[policy.Horizon * policy.ActionNames.Count];

    /// <summary>Adds a frame with its lessons.</summary>
    public void AddTo(TrainingSet set, int frame, byte[] rgb)
    {
        var width = policy.StateNames.Count;
        set.AddPicture(episode, rgb, states is null ? [] : states.AsSpan(frame * width, width));
        if (expert is null)
            AddFollowing(set, frame);
        else
            expert.AddTo(set, frame, _chunk);
    }

    private void AddFollowing(TrainingSet set, int frame)
    {
        var width = policy.ActionNames.Count;
        var task = frames.Task(frame);
        var valid = 1;
        while (valid < policy.Horizon && frame + valid < frames.Length && frames.Task(frame + valid) == task)
            valid++;
        actions.AsSpan(frame * width, valid * width).CopyTo(_chunk);
        // What does not count repeats the last one that does, so that the numbers stay in their range.
        for (var i = valid; i < policy.Horizon; i++)
            _chunk.AsSpan((valid - 1) * width, width).CopyTo(_chunk.AsSpan(i * width));
        set.AddLesson(
            new TrainingLesson
            {
                Instruction = task,
                Chunk = _chunk,
                Valid = valid,
            }
        );
    }
}
