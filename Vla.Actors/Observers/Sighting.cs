using Vla.Actors.Pipeline;
using Vla.Actors.Robots;

namespace Vla.Actors.Observers;

/// <summary>Kinds of what can be seen of a controller at work.</summary>
[Flags]
public enum Sightings
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A camera has taken a picture: <see cref="FrameTaken"/>.</summary>
    Frames = 1,

    /// <summary>Words are in force: <see cref="Pipeline.Instruction"/>.</summary>
    Instructions = 2,

    /// <summary>The policy has given actions: <see cref="ActionChunk"/>.</summary>
    Chunks = 4,

    /// <summary>A message is on its way to every robot: <see cref="PublishedAction"/>.</summary>
    Actions = 8,

    /// <summary>The first action of a chunk is on its way: <see cref="FirstPublished"/>.</summary>
    FirstActions = 16,

    /// <summary>The robot has told its state: <see cref="StateRead"/>.</summary>
    States = 32,

    /// <summary>Something has failed, or is well again: a line of text.</summary>
    Events = 64,

    /// <summary>A tick of the control loop has begun, so many nanoseconds late: <see cref="Sighting.Value"/>.</summary>
    Ticks = 128,

    /// <summary>Everything.</summary>
    All = Frames | Instructions | Chunks | Actions | FirstActions | States | Events | Ticks,
}

/// <summary>One thing that was seen.</summary>
/// <param name="Kind">A single kind.</param>
/// <param name="AtNs">When it happened, monotonic nanoseconds.</param>
/// <param name="What">As <see cref="Sightings"/> says for the kind; nobody changes it.</param>
/// <param name="Value">A number, for the kinds that are one.</param>
public readonly record struct Sighting(Sightings Kind, long AtNs, object? What, long Value = 0);

/// <summary>A camera has taken a picture.</summary>
/// <param name="Camera">Its name: <c>front</c>.</param>
/// <param name="Sequence">Counts the camera's pictures from 1.</param>
/// <param name="CapturedNs">When it was taken, monotonic nanoseconds.</param>
public sealed record FrameTaken(string Camera, long Sequence, long CapturedNs);

/// <summary>A chunk's first action on its way out; times are monotonic nanoseconds.</summary>
/// <param name="Sequence">Number of the published action.</param>
/// <param name="Origin">Where it came from, and when each step was done.</param>
/// <param name="OfferedNs">When the control loop got it.</param>
/// <param name="PublishedNs">When the tick began that published it.</param>
/// <param name="SentNs">When every output had it.</param>
public sealed record FirstPublished(long Sequence, Origin Origin, long OfferedNs, long PublishedNs, long SentNs);

/// <summary>The robot has told its state.</summary>
/// <param name="Names">Of the values.</param>
/// <param name="Values">In the robot's units.</param>
public sealed record StateRead(IReadOnlyList<string> Names, IReadOnlyList<float> Values);
