using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Chunks;
using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>
/// Says in the log that the robot stops, as it happens, and that an output fails; how the state changes otherwise and
/// what the loop refuses or fails at, once a second at most.
/// </summary>
/// <remarks>
/// Waits for no stage and shares no thread with one: it speaks also while one hangs. A stop that begins and ends
/// between two looks is said all the same, and so is what happened last when the actor ends.
/// </remarks>
internal sealed partial class ControlReportActor(ControlLoop control, ILogger logger) : UntypedActor, IWithTimers
{
    /// <summary>How often the loop's counters are looked at for something to say.</summary>
    public static readonly TimeSpan SayAtMost = TimeSpan.FromSeconds(1);

    /// <summary>How often the loop's state is looked at: so late a stop is said at most.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private static readonly int LooksBetweenSaying = (int)(SayAtMost / LookEvery);

    // Before anything has happened: what fails from the first action on is news too.
    private readonly Dictionary<int, OutputSaid> _outputs = [];
    private ControlSnapshot _said = control.Snapshot();
    private (ControlState State, string Reason) _saidState;
    private long _saidStops;
    private int _looksSinceState = LooksBetweenSaying;
    private int _looks;

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="control">What is looked at.</param>
    /// <param name="logger">Where refusals, state changes and failing outputs are said.</param>
    public static Props Props(ControlLoop control, ILogger logger) =>
        Akka.Actor.Props.Create(() => new ControlReportActor(control, logger));

    protected override void PreStart()
    {
        _saidState = (_said.State, _said.Reason);
        _saidStops = _said.PublishedFrom(ControlState.Stop);
        Timers.StartPeriodicTimer(nameof(LookEvery), Look.Instance, LookEvery);
    }

    // Once more: the controller's last state is a stop, and nobody looks again.
    protected override void PostStop()
    {
        var now = control.Snapshot();
        SayState(now, evenIfSaidJustNow: true);
        SayWhatChanged(now);
    }

    protected override void OnReceive(object message)
    {
        if (message is not Look)
        {
            Unhandled(message);
            return;
        }

        var now = control.Snapshot();
        SayState(now, evenIfSaidJustNow: false);
        SayOfOutputs(now);
        if (++_looks % LooksBetweenSaying == 0)
            SayWhatChanged(now);
    }

    /// <summary>A stop at once; a policy that comes and goes with every picture does not fill the log.</summary>
    private void SayState(ControlSnapshot now, bool evenIfSaidJustNow)
    {
        _looksSinceState++;
        var stops = now.PublishedFrom(ControlState.Stop);
        if (stops > _saidStops && _saidState != (ControlState.Stop, now.LastStop))
            Say(ControlState.Stop, now.LastStop);
        _saidStops = stops;

        if (_saidState == (now.State, now.Reason))
            return;
        if (now.State == ControlState.Stop || evenIfSaidJustNow || _looksSinceState >= LooksBetweenSaying)
            Say(now.State, now.Reason);

        void Say(ControlState state, string reason)
        {
            Log.State(logger, state.Word(), reason);
            _saidState = (state, reason);
            _looksSinceState = 0;
        }
    }

    private void SayWhatChanged(ControlSnapshot now)
    {
        // That nobody may move by sight is said as the reason of the state, not again for each action.
        var refused = Counted(now) - Counted(_said);
        if (refused > 0)
            Log.Refused(logger, refused, now.LastRefusal);
        if (now.TooSlow.Length > 0 && _said.TooSlow.Length == 0)
            Log.TooSlow(logger, now.TooSlow);
        if (now.Faults > _said.Faults)
            Log.Fault(logger, now.LastFault);
        if (now.Absences > _said.Absences)
            Log.Away(logger, now.LastAbsence);
        if (now.LimitFaults > _said.LimitFaults)
            Log.Wild(logger, now.LastLimitFault);
        _said = now;

        static long Counted(ControlSnapshot snapshot) => snapshot.Refused.Sum() - snapshot.RefusedFor(Refusal.Blind);
    }

    private void SayOfOutputs(ControlSnapshot now)
    {
        for (var i = 0; i < now.Outputs.Count; i++)
            SayOf(i, now.Outputs[i], isStopped: !now.NotStopped.Any(other => other.Name == now.Outputs[i].Name));
    }

    private void SayOf(int index, OutputSnapshot output, bool isStopped)
    {
        var said = _outputs.GetValueOrDefault(index);
        var now = new OutputSaid(output.Failing, isStopped, output.Note.Length > 0, _looks);
        if (said is null)
            said = new OutputSaid(IsFailing: false, IsStopped: true, HasNote: false, _looks - LooksBetweenSaying);
        // What comes and goes is not said each time: it is looked at again when the time is over.
        else if (_looks - said.AtLook < LooksBetweenSaying)
            return;
        if (now with { AtLook = said.AtLook } == said)
            return;

        if (now.IsFailing && !said.IsFailing)
            Log.OutputFails(logger, output.Name, output.LastError);
        if (said.IsFailing && !now.IsFailing)
            Log.OutputBack(logger, output.Name, output.Failures);
        if (said.IsStopped && !now.IsStopped)
            Log.NotStopped(logger, output.Name, output.WhyNotTaken);
        if (now.HasNote && !said.HasNote)
            Log.OutputNote(logger, output.Name, output.Note);
        _outputs[index] = now;
    }

    /// <summary>What was last said of an output.</summary>
    private sealed record OutputSaid(bool IsFailing, bool IsStopped, bool HasNote, long AtLook);

    private sealed class Look
    {
        public static readonly Look Instance = new();
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "{Count} actions refused: {Refusal}")]
        public static partial void Refused(ILogger logger, long count, string refusal);

        [LoggerMessage(31, LogLevel.Information, "control: {State} {Reason}")]
        public static partial void State(ILogger logger, string state, string reason);

        [LoggerMessage(32, LogLevel.Error, "the control loop failed and published a stop: {Fault}")]
        public static partial void Fault(ILogger logger, string fault);

        [LoggerMessage(33, LogLevel.Warning, "output {Output} fails: {Error}")]
        public static partial void OutputFails(ILogger logger, string output, string error);

        [LoggerMessage(34, LogLevel.Information, "output {Output} works again after {Failures} failures")]
        public static partial void OutputBack(ILogger logger, string output, long failures);

        [LoggerMessage(35, LogLevel.Warning, "{Problem}")]
        public static partial void TooSlow(ILogger logger, string problem);

        [LoggerMessage(37, LogLevel.Warning, "output {Output}: {Note}")]
        public static partial void OutputNote(ILogger logger, string output, string note);

        [LoggerMessage(
            36,
            LogLevel.Error,
            "output {Output} has not taken the stop: {Why}; the robot may still be moving"
        )]
        public static partial void NotStopped(ILogger logger, string output, string why);

        [LoggerMessage(
            38,
            LogLevel.Warning,
            "{Absence}: nothing from before counts; the robot goes on with a picture taken since"
        )]
        public static partial void Away(ILogger logger, string absence);

        [LoggerMessage(39, LogLevel.Error, "{Fault}")]
        public static partial void Wild(ILogger logger, string fault);
    }
}
