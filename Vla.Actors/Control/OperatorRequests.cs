using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>
/// What operators have asked for: a stop, or its end. Asked from any thread, obeyed by the next tick.
/// </summary>
internal sealed class OperatorRequests
{
    private string? _stop;
    private int _resume;
    private long _asked;
    private long _obeyed;

    /// <summary>True while something was asked for that no published action has obeyed yet.</summary>
    public bool AreWaiting => Interlocked.Read(ref _asked) != Interlocked.Read(ref _obeyed);

    /// <summary>True from an operator's stop until somebody resumes.</summary>
    public bool IsStopped => Volatile.Read(ref _stop) is not null;

    /// <returns>The request's number.</returns>
    public long Stop(string reason)
    {
        Volatile.Write(ref _stop, reason);
        return Interlocked.Increment(ref _asked);
    }

    /// <returns>The request's number.</returns>
    public long Resume()
    {
        Volatile.Write(ref _stop, null);
        Volatile.Write(ref _resume, 1);
        return Interlocked.Increment(ref _asked);
    }

    /// <summary>Does what was asked for.</summary>
    /// <returns>The number of the newest request that is done with it.</returns>
    public long Obey(SafetyLadder ladder)
    {
        // Before anything else is read: what is asked for from here on may only be obeyed by the next tick.
        var asked = Interlocked.Read(ref _asked);
        if (Interlocked.Exchange(ref _resume, 0) != 0 && ladder.State == ControlState.Stop)
            ladder.Reset();
        if (Volatile.Read(ref _stop) is { } reason)
            ladder.Latch(reason);
        return asked;
    }

    /// <summary>Notes that an action is published which obeys everything up to a request.</summary>
    public void NoteObeyed(long request) => Interlocked.Exchange(ref _obeyed, request);

    /// <summary>Notes that the run's last action is published.</summary>
    public void NoteEnded() => Interlocked.Exchange(ref _obeyed, long.MaxValue);

    public bool IsObeyed(long request) => Interlocked.Read(ref _obeyed) >= request;
}
