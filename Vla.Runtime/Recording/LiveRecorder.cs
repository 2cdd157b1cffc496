using OpenCvSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Recording;

/// <summary>Copies the newest picture.</summary>
/// <returns>False when there is none.</returns>
internal delegate bool TakePicture(Mat into, out PictureStamp stamp);

/// <summary>
/// Follows a live run as one of its outputs, and takes a frame whenever one is due: picture, state, action.
/// </summary>
/// <remarks>The control loop hands actions over in a ring and never waits; see <see cref="ThreadedOutput"/>.</remarks>
internal sealed class LiveRecorder(
    EpisodeCutter cutter,
    EpisodeSaver saver,
    IReadOnlyList<TakePicture> pictures,
    Func<LiveScene> scene,
    IRobotState? state
) : IActionOutput
{
    public string Name { get; } = $"record:{saver.Read().Directory}";

    public bool Moves => false;

    /// <summary>Over a second at 50 Hz; a frame takes a millisecond.</summary>
    public int QueueCapacity => 64;

    public void Apply(PublishedAction action)
    {
        var cut = cutter.Look(action, scene);
        if (cut.EndsEpisode)
            saver.EndEpisode(cut.IsJudged);
        saver.Drop(cut.Missed);
        if (cut.Task is null || saver.Rent() is not { } frame)
            return;

        if (!TryFill(frame))
        {
            saver.GiveBack(frame);
            return;
        }

        action.Values.CopyTo(frame.Action);
        frame.Task = cut.Task;
        saver.Add(frame);
    }

    public void Dispose()
    {
        saver.Obstacle = cutter.Obstacle;
        saver.Complete();
    }

    /// <summary>Takes every camera's newest picture, and the state as of the oldest of them.</summary>
    private bool TryFill(LiveFrame frame)
    {
        var oldestNs = long.MaxValue;
        for (var i = 0; i < pictures.Count; i++)
        {
            if (!pictures[i](frame.Pictures[i], out var stamp))
                return false;
            oldestNs = Math.Min(oldestNs, stamp.CapturedNs);
        }

        return state is null || state.TryRead(oldestNs, frame.State);
    }
}
