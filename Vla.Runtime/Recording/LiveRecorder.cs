using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Recording;

/// <summary>Watches a live run and takes a frame whenever one is due: pictures, state, action.</summary>
/// <remarks>
/// <para>
/// An action that was wanted at the moment of its pictures (<see cref="PublishedAction.Row"/> 0) is recorded with
/// these very pictures, however long the policy took. A later one of a chunk was not made of a picture of its own
/// moment: it is recorded with the newest picture of each camera that was there when it was published, and so is a
/// hold. The state is always that of the moment of the oldest of the pictures, as the policy is told it.
/// </para>
/// <para>
/// No message holds a picture: they name it, and it is copied from its camera's memory into a frame that belongs to the
/// <see cref="EpisodeSaver"/>. One that is not there any more costs the frame, which is counted.
/// </para>
/// </remarks>
/// <param name="cutter">Says which actions are frames.</param>
/// <param name="saver">Gets the frames.</param>
/// <param name="cameras">In the order of the dataset's.</param>
/// <param name="scene">What was asked for, and where, before anything was seen here.</param>
/// <param name="state">The robot's state by time; null where it tells none.</param>
internal sealed class LiveRecorder(
    IEpisodeCutter cutter,
    EpisodeSaver saver,
    IReadOnlyList<IRecordedPictures> cameras,
    Func<LiveScene> scene,
    IRobotState? state
) : IObserver
{
    private readonly FrameTaken?[] _newest = new FrameTaken?[cameras.Count];
    private Instruction? _given;

    public string Name => "recording";

    public Sightings Wants => Sightings.Frames | Sightings.Actions | Sightings.Instructions;

    /// <summary>Two seconds at 1000 Hz.</summary>
    public int QueueCapacity => 2_048;

    public void Observe(in Sighting sighting)
    {
        switch (sighting.What)
        {
            case FrameTaken frame:
                Note(frame);
                break;

            case Instruction instruction:
                _given = instruction;
                break;

            case PublishedAction action:
                Look(action);
                break;
        }
    }

    /// <summary>No more is to be seen: what is there is saved.</summary>
    public void Complete()
    {
        saver.Obstacle = cutter.Obstacle;
        saver.WhenCutShort = cutter.WhenCutShort;
        saver.Complete();
    }

    private void Note(FrameTaken frame)
    {
        for (var i = 0; i < cameras.Count; i++)
        {
            if (cameras[i].Name == frame.Camera)
                _newest[i] = frame;
        }
    }

    private void Look(PublishedAction action)
    {
        var cut = cutter.Look(action, Scene);
        if (cut.End is { } end)
            saver.EndEpisode(end, cut.IsSuccess);
        saver.Drop(DropReason.NoAction, cut.Missed);
        if (cut.Task is null || saver.Rent() is not { } frame)
            return;

        if (Fill(frame, action) is { } obstacle)
        {
            saver.GiveBack(frame, obstacle);
            return;
        }

        action.Values.CopyTo(frame.Action);
        action.Wanted.CopyTo(frame.Wanted);
        frame.IsByHand = action.State == ControlState.Policy && action.Origin.IsByHand;
        if (frame.Seconds.Length > 0)
            frame.Seconds[0] = SinceBegin(action.PublishedNs);
        frame.Task = cut.Task;
        saver.Add(frame);
    }

    /// <summary>The words by what was seen here: in their order with the actions.</summary>
    private LiveScene Scene()
    {
        var now = scene();
        return _given is { } given ? now with { Instruction = given } : now;
    }

    /// <returns>Why that cannot be done; null when it is.</returns>
    private DropReason? Fill(LiveFrame frame, PublishedAction action)
    {
        var momentNs = long.MaxValue;
        for (var i = 0; i < cameras.Count; i++)
        {
            if (
                Choose(i, action) is not { } sequence
                || !cameras[i].TryCopy(sequence, frame.Pictures[i], out var stamp)
            )
                return DropReason.NoPicture;
            momentNs = Math.Min(momentNs, stamp.CapturedNs);
            if (frame.Seconds.Length > 0)
                frame.Seconds[1 + i] = SinceBegin(stamp.CapturedNs);
        }

        return state is null || state.TryRead(momentNs, frame.State) ? null : DropReason.NoState;
    }

    private float SinceBegin(long atNs) => (float)((atNs - cutter.BeganNs) / (double)MonotonicTime.NsPerSecond);

    private long? Choose(int camera, PublishedAction action) =>
        action is { State: ControlState.Policy, Row: 0 }
        && action.Origin.Pictures.Find(cameras[camera].Name) is { } very
            ? very.Sequence
            : _newest[camera]?.Sequence;
}
