namespace Vla.Actors.Publishing;

/// <summary>The clock a control loop runs by: tells the time and waits for a point in it.</summary>
public interface IControlClock
{
    /// <summary>Now, in monotonic nanoseconds (<see cref="Sensors.MonotonicTime"/>).</summary>
    long NowNs { get; }

    /// <summary>Returns at <paramref name="deadlineNs"/> or as soon after it as the machine can; at once when it is past.</summary>
    void WaitUntil(long deadlineNs);
}
