namespace Vla.Actors.Scheduling;

/// <summary>The clock a control loop runs by: tells the time and waits for a point in it.</summary>
public interface IControlClock
{
    /// <summary>Now, in monotonic nanoseconds (<see cref="Sensors.MonotonicTime"/>).</summary>
    long NowNs { get; }

    /// <summary>
    /// How long the machine has slept since an origin of the clock's own, nanoseconds: <see cref="NowNs"/> stands still
    /// meanwhile. 0 where that is not known, or sleep counts in <see cref="NowNs"/>.
    /// </summary>
    long SleptNs => 0;

    /// <summary>
    /// Returns at <paramref name="deadlineNs"/> or as soon after it as the machine can; at once when it is past.
    /// </summary>
    void WaitUntil(long deadlineNs);
}
