using Vla.Actors.Training;
using static TorchSharp.torch;

namespace Vla.Runtime.Learning;

/// <summary>What every training begins with, whatever is trained.</summary>
/// <param name="Source">Where the data come from.</param>
/// <param name="Columns">What they hold, and the cameras that the policy shall see.</param>
/// <param name="Output">The policy's directory.</param>
/// <param name="Options">How long, how fast.</param>
/// <param name="PicturesPerEpisode">As <see cref="LessonWishes.PicturesPerEpisode"/>.</param>
/// <param name="Threads">That Torch may use.</param>
/// <param name="Resume">Whether it goes on with one that was begun.</param>
/// <param name="Device">Where Torch computes.</param>
internal sealed record Beginning(
    ILessonSource Source,
    DataColumns Columns,
    string Output,
    TrainingOptions Options,
    int? PicturesPerEpisode,
    int Threads,
    bool Resume,
    Device Device
)
{
    /// <summary>Reads the data.</summary>
    public TrainingSet Read(TrainingTemplate template, TrainingProgress progress, CancellationToken cancellation) =>
        Source.Read(
            new LessonWishes(template, PicturesPerEpisode),
            share => progress.Share("reading demonstrations", share),
            cancellation
        );
}
