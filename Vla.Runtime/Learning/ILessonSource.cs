using Vla.Actors.Training;

namespace Vla.Runtime.Learning;

/// <summary>What a policy that is to be trained wants of its data.</summary>
/// <param name="Policy">Pictures, numbers of state and action, and how many actions are in a chunk.</param>
/// <param name="PicturesPerEpisode">
/// About how many pictures are kept of each episode: neighbours are nearly the same. Null for what the source finds
/// sensible.
/// </param>
internal sealed record LessonWishes(TrainingTemplate Policy, int? PicturesPerEpisode = null);

/// <summary>Where training data come from: a recorded dataset, or the simulated world.</summary>
internal interface ILessonSource
{
    /// <summary>Time from one action to the next, milliseconds.</summary>
    double StepMs { get; }

    /// <summary>
    /// What the data hold, for a policy that leaves it open; and the time from one action to the next.
    /// </summary>
    DataColumns Columns { get; }

    /// <summary>What there is to say of the data before they are used; null when there is nothing.</summary>
    string? Note => null;

    /// <summary>Reads everything into memory.</summary>
    /// <param name="wishes">What the policy wants.</param>
    /// <param name="progress">Is told the share that is done, 0 to 1.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    TrainingSet Read(LessonWishes wishes, Action<double> progress, CancellationToken cancellation);
}
