using Vla.Sensors;

namespace Vla.Runtime.Recording;

/// <summary>When the frames of an episode are due: at a steady rate from its first one on.</summary>
/// <remarks>Each is the action that is published nearest to its time. Only published times count: it needs no
/// clock.</remarks>
/// <param name="fps">Frames a second.</param>
/// <param name="controlHz">Actions published a second, <paramref name="fps"/> or more.</param>
internal sealed class FrameSchedule(int fps, double controlHz)
{
    private readonly double _periodNs = (double)MonotonicTime.NsPerSecond / fps;

    /// <summary>An action this much before a frame's time is nearer to it than the next one.</summary>
    private readonly double _halfTickNs = MonotonicTime.NsPerSecond / controlHz / 2;

    private long _next;

    /// <summary>When the first frame was published, monotonic nanoseconds.</summary>
    public long BeganNs { get; private set; }

    /// <summary>Begins with an action.</summary>
    public void Begin(long publishedNs) => (BeganNs, _next) = (publishedNs, 0);

    /// <summary>Whether an action published then is a frame.</summary>
    public bool IsDue(long publishedNs) => Place(publishedNs) >= _next;

    /// <summary>Takes it as one.</summary>
    /// <returns>Frames that were due before it, and no action came.</returns>
    public long Take(long publishedNs)
    {
        var place = (long)Place(publishedNs);
        var missed = place - _next;
        _next = place + 1;
        return missed;
    }

    private double Place(long publishedNs) => (publishedNs - BeganNs + _halfTickNs) / _periodNs;
}
