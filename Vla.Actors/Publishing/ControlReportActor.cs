using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace Vla.Actors.Publishing;

/// <summary>Says in the log what the control loop refuses or fails at and how its state changes, once a second at most.</summary>
/// <remarks>Waits for no stage and shares no thread with one: it speaks also while one hangs.</remarks>
public sealed partial class ControlReportActor(ControlLoop control, ILogger logger) : UntypedActor, IWithTimers
{
    /// <summary>How often the loop's counters are looked at for something to say.</summary>
    public static readonly TimeSpan SayAtMost = TimeSpan.FromSeconds(1);

    private ControlSnapshot _said = control.Snapshot();

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="control">What is looked at.</param>
    /// <param name="logger">Where refusals, state changes and failing outputs are said.</param>
    public static Props Props(ControlLoop control, ILogger logger) =>
        Akka.Actor.Props.Create(() => new ControlReportActor(control, logger));

    protected override void PreStart() =>
        Timers.StartPeriodicTimer(nameof(SayAtMost), LookAtCounters.Instance, SayAtMost);

    protected override void OnReceive(object message)
    {
        if (message is LookAtCounters) SayWhatChanged(control.Snapshot());
        else Unhandled(message);
    }

    private void SayWhatChanged(ControlSnapshot now)
    {
        // That nobody may move by sight is said as the reason of the state, not again for each action.
        var refused = Counted(now) - Counted(_said);
        if (refused > 0) Log.Refused(logger, refused, now.LastRefusal);
        if (now.TooSlow.Length > 0 && _said.TooSlow.Length == 0) Log.TooSlow(logger, now.TooSlow);
        if (now.Faults > _said.Faults) Log.Fault(logger, now.LastFault);
        if (now.State != _said.State || now.Reason != _said.Reason) Log.State(logger, now.State.Word(), now.Reason);

        foreach (var (output, before) in now.Outputs.Zip(_said.Outputs))
        {
            if (output.Failing && !before.Failing) Log.OutputFails(logger, output.Name, output.LastError);
            if (before.Failing && !output.Failing) Log.OutputBack(logger, output.Name, output.Failures);
        }

        _said = now;

        static long Counted(ControlSnapshot snapshot) => snapshot.Refused.Sum() - snapshot.RefusedFor(Refusal.Blind);
    }

    private sealed class LookAtCounters
    {
        public static readonly LookAtCounters Instance = new();
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "{Count} actions refused: {Refusal}")]
        public static partial void Refused(ILogger logger, long count, string refusal);

        [LoggerMessage(31, LogLevel.Information, "control: {State} {Reason}")]
        public static partial void State(ILogger logger, string state, string reason);

        [LoggerMessage(32, LogLevel.Error, "the control loop failed and published a stop: {Fault}")]
        public static partial void Fault(ILogger logger, string fault);

        [LoggerMessage(33, LogLevel.Warning, "output {Output} fails: {Error}; it is tried again")]
        public static partial void OutputFails(ILogger logger, string output, string error);

        [LoggerMessage(34, LogLevel.Information, "output {Output} works again after {Failures} failures")]
        public static partial void OutputBack(ILogger logger, string output, long failures);

        [LoggerMessage(35, LogLevel.Warning, "{Problem}")]
        public static partial void TooSlow(ILogger logger, string problem);
    }
}
