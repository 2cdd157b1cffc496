using Vla.Actors.Training;
using Vla.Sensors.Datasets;
using Vla.Sensors.Images;
using Vla.Sensors.Simulation.Demonstrations;

namespace Vla.Runtime.Learning;

/// <summary>
/// What only a simulator knows of a frame, as <see cref="DemonstrationFeatures"/> describes it: several instructions,
/// each with the clean expert's answer.
/// </summary>
internal sealed class ExpertLessons
{
    private readonly TrainingTemplate _policy;
    private readonly ColumnChoice _action;
    private readonly PicturePlacement _placement;
    private readonly int _horizon;
    private readonly bool _hasTruth;

    private ExpertLessons(
        TrainingTemplate policy,
        ColumnChoice action,
        PicturePlacement placement,
        int count,
        int horizon,
        bool hasTruth
    ) =>
        (_policy, _action, _placement, Count, _horizon, _hasTruth) = (
            policy,
            action,
            placement,
            count,
            horizon,
            hasTruth
        );

    /// <summary>Lessons to a frame.</summary>
    public int Count { get; }

    /// <returns>Null when the dataset has none of it.</returns>
    /// <exception cref="UsageException">A feature of it does not fit the others, or its chunks are shorter than the
    /// policy's.</exception>
    public static ExpertLessons? Find(
        LeRobotDataset dataset,
        TrainingTemplate policy,
        ColumnChoice action,
        string camera
    )
    {
        if (
            Feature(DemonstrationFeatures.LessonTasks) is not { } tasks
            || Feature(DemonstrationFeatures.Chunks) is not { } chunks
        )
            return null;
        var row = tasks.Count * action.RecordedWidth;
        if (tasks.Type != FeatureType.Int64 || chunks.Type != FeatureType.Float32 || chunks.Count % row != 0)
            throw Unfit(chunks, $"not {tasks.Count} chunks of {action.RecordedWidth} numbers an action");
        var horizon = chunks.Count / row;
        if (policy.Horizon > horizon)
            throw Unfit(
                chunks,
                $"{horizon} actions of an instruction; the policy's chunk has {policy.Horizon} (action.horizon): "
                    + "choose a smaller horizon in --policy-config"
            );

        var (targets, turns) = (Feature(DemonstrationFeatures.Targets), Feature(DemonstrationFeatures.Turns));
        if (targets is not null && targets.Count != 4 * tasks.Count)
            throw Unfit(targets, $"not 4 for each of {tasks.Count} instructions");
        if (turns is not null && turns.Count != 2 * tasks.Count)
            throw Unfit(turns, $"not 2 for each of {tasks.Count} instructions");
        var shape = Feature(camera)!.Shape;
        return new ExpertLessons(
            policy,
            action,
            new PicturePlacement(policy.Image, shape[1], shape[0]),
            tasks.Count,
            horizon,
            targets is not null && turns is not null && camera == DatasetFeature.FrontCamera
        );

        DatasetFeature? Feature(string name) => dataset.Info.Features.FirstOrDefault(feature => feature.Name == name);

        UsageException Unfit(DatasetFeature feature, string what) =>
            new(
                $"dataset '{dataset.Directory}': feature {feature.Name} has {feature.Count} numbers, {what}; or "
                    + $"leave it out with '{dataset.Directory}?expert=off'"
            );
    }

    public OfEpisode Open(EpisodeFrames frames) => new(this, frames);

    /// <summary>An episode's part of it.</summary>
    public sealed class OfEpisode(ExpertLessons all, EpisodeFrames frames)
    {
        private readonly ReadOnlyMemory<long> _tasks = frames.Integers(DemonstrationFeatures.LessonTasks);
        private readonly ReadOnlyMemory<float> _chunks = frames.Floats(DemonstrationFeatures.Chunks);
        private readonly ReadOnlyMemory<float> _targets = all._hasTruth
            ? frames.Floats(DemonstrationFeatures.Targets)
            : default;
        private readonly ReadOnlyMemory<float> _turns = all._hasTruth
            ? frames.Floats(DemonstrationFeatures.Turns)
            : default;

        /// <summary>Adds the lessons of a frame.</summary>
        /// <param name="set">The frame's picture was added to it last.</param>
        /// <param name="frame">In the episode.</param>
        /// <param name="chunk">[horizon × actions], to work in.</param>
        public void AddTo(TrainingSet set, int frame, Span<float> chunk)
        {
            var (recorded, wanted) = (all._action.RecordedWidth, all._policy.ActionNames.Count);
            Span<float> truth = stackalloc float[TrainingSet.TruthLength];
            for (var lesson = 0; lesson < all.Count; lesson++)
            {
                var place = frame * all.Count + lesson;
                var rows = _chunks.Span.Slice(place * all._horizon * recorded, all._horizon * recorded);
                for (var i = 0; i < all._policy.Horizon; i++)
                    all._action.Pick(rows.Slice(i * recorded, recorded), chunk.Slice(i * wanted, wanted));
                set.AddLesson(
                    new TrainingLesson
                    {
                        Instruction = frames.TaskOf(_tasks.Span[place]),
                        Chunk = chunk,
                        Valid = all._policy.Horizon,
                        Truth = all._hasTruth ? Truth(place, truth) : [],
                    }
                );
            }
        }

        private ReadOnlySpan<float> Truth(int place, Span<float> truth)
        {
            var targets = _targets.Span.Slice(4 * place, 4);
            (truth[0], truth[1]) = all._placement.Of(targets[0], targets[1]);
            (truth[2], truth[3]) = all._placement.Of(targets[2], targets[3]);
            _turns.Span.Slice(2 * place, 2).CopyTo(truth[4..]);
            return truth;
        }
    }
}
