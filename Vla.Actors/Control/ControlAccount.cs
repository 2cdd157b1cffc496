using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Gives account of the control loop: whether an operator was obeyed and who has taken it, and all it has done so far.
/// </summary>
/// <remarks>Reads from any thread, without holding the loop up.</remarks>
/// <param name="choice">What was chosen, and why.</param>
/// <param name="counters">What was counted.</param>
/// <param name="outputs">Who has taken what.</param>
/// <param name="thread">When it ticks.</param>
/// <param name="requests">What operators asked for.</param>
/// <param name="clock">Tells the time.</param>
internal sealed class ControlAccount(
    ActionChoice choice,
    ControlCounters counters,
    RobotOutputs outputs,
    ControlThread thread,
    OperatorRequests requests,
    IControlClock clock
)
{
    /// <summary>Robots that have not taken a stop after this time are named.</summary>
    private const long TimeToTakeStopNs = 100 * MonotonicTime.NsPerMs;

    /// <summary>How often an operator's request looks whether it was obeyed.</summary>
    private static readonly TimeSpan LookForAnswer = TimeSpan.FromMilliseconds(2);

    private PublishedAction? _stopBegan;

    /// <summary>Notes what is published now. By one thread at a time.</summary>
    public void Note(PublishedAction action)
    {
        counters.Count(action);
        if (action.State != ControlState.Stop)
            Volatile.Write(ref _stopBegan, null);
        else if (choice.Last?.State != ControlState.Stop)
            Volatile.Write(ref _stopBegan, action);
        choice.Last = action;
    }

    /// <summary>Waits until a request is obeyed, and every robot has taken the action that obeys it.</summary>
    /// <param name="request">Its number.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<RequestOutcome> AnswerAsync(long request, TimeSpan patience, CancellationToken cancellation)
    {
        var beganNs = clock.NowNs;
        PublishedAction? obeyed = null;
        while (true)
        {
            if (obeyed is null && requests.IsObeyed(request))
                obeyed = choice.Last;
            var without = obeyed is null ? [] : outputs.Without(obeyed.Sequence);
            var isOver = clock.NowNs - beganNs >= patience.Ticks * TimeSpan.NanosecondsPerTick;
            if (isOver || (obeyed is not null && without.Count == 0))
                return new RequestOutcome(obeyed, without);
            await Task.Delay(LookForAnswer, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>What the loop has done so far.</summary>
    /// <param name="lateness">How late its ticks are.</param>
    /// <param name="limitsEnabled">Whether the profile's limits are in force.</param>
    public ControlSnapshot Snapshot(LatencyWindow lateness, bool limitsEnabled)
    {
        var last = choice.Last;
        var nowNs = clock.NowNs;
        return new ControlSnapshot
        {
            State = last?.State ?? ControlState.Hold,
            Reason = last?.Reason ?? choice.IdleReason,
            Last = last,
            Published = last?.Sequence ?? 0,
            PublishedByState = ControlCounters.Copy(counters.PublishedByState),
            LastStop = Volatile.Read(ref counters.LastStop),
            Offered = Interlocked.Read(ref counters.Offered),
            Replaced = Interlocked.Read(ref counters.Replaced),
            Chunks = choice.Chunks.Read(),
            Refused = [.. Enum.GetValues<Refusal>().Select(choice.Action.RefusedFor)],
            LastRefusal = choice.Action.LastRefusal,
            TooSlow = choice.Action.TooSlow,
            Clamps = ControlCounters.Copy(counters.Clamps),
            LimitsEnabled = limitsEnabled,
            SkippedTicks = thread.Skipped,
            TickLateness = lateness.Read(nowNs),
            Faults = Interlocked.Read(ref counters.Faults),
            LastFault = Volatile.Read(ref counters.LastFault),
            Absences = choice.Absence.Count,
            LastAbsence = choice.Absence.Newest,
            LimitFaults = choice.Limits.Count,
            LastLimitFault = choice.Limits.Newest,
            NeedsResume = choice.Ladder.IsLatched,
            Scheduling = thread.Scheduling,
            ActionAgeNs = last is { Origin.CapturedNs: > 0 } ? nowNs - last.Origin.CapturedNs : null,
            Outputs = outputs.Snapshot(),
            NotStopped =
                Volatile.Read(ref _stopBegan) is { } stop && nowNs - stop.PublishedNs >= TimeToTakeStopNs
                    ? outputs.Without(stop.Sequence)
                    : [],
        };
    }
}
