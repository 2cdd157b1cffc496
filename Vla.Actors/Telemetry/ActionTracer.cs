using System.Diagnostics;
using Vla.Actors.Observers;
using Vla.Sensors;

namespace Vla.Actors.Telemetry;

/// <summary>
/// Makes a trace of a published action: one span for the whole way, below it one for each of the policy's steps and
/// each wait.
/// </summary>
/// <remarks>
/// <code>
/// action ├ prepare ├ wait ├ encode ├ wait ├ fuse ├ wait ├ decode ├ wait ├ wait ├ publish
/// </code>
/// <c>wait</c> says by <c>vla.wait.for</c> what for: a step, the control loop, the tick. Made after the fact from the
/// times that every action carries, so the stages know nothing of it. At most so many a second; the others cost one
/// comparison.
/// </remarks>
internal sealed class ActionTracer(TimeProvider time, double tracesPerSecond) : IDisposable
{
    private readonly long _everyNs =
        tracesPerSecond > 0 ? (long)(MonotonicTime.NsPerSecond / tracesPerSecond) : long.MaxValue;
    private long _nextNs = tracesPerSecond > 0 ? long.MinValue : long.MaxValue;

    public ActivitySource Source { get; } = new(PipelineTelemetry.Name, PipelineTelemetry.Version);

    public void Dispose() => Source.Dispose();

    public void Trace(FirstPublished action)
    {
        if (action.PublishedNs < _nextNs || !Source.HasListeners())
            return;
        _nextNs = action.PublishedNs + _everyNs;

        var clock = new WallClock(time);
        var origin = action.Origin;
        // Whatever the thread was doing is not this trace's parent.
        Activity.Current = null;
        using var root = Source.StartActivity(
            "action",
            ActivityKind.Internal,
            default(ActivityContext),
            startTime: clock.At(origin.CapturedNs)
        );
        if (root is null)
            return;

        root.SetTag("vla.action.sequence", action.Sequence);
        root.SetTag("vla.frame.sequence", origin.FrameSequence);
        root.SetTag("vla.instruction.number", origin.InstructionNumber);
        root.SetTag("vla.instruction.text", origin.Instruction);

        var doneNs = origin.CapturedNs;
        for (var i = 0; i < origin.Steps.Count; i++)
        {
            var step = origin.Steps[i];
            if (i > 0)
                Wait(step.Step, doneNs, step.StartedNs);
            Span(step.Step, step.StartedNs, step.FinishedNs);
            doneNs = step.FinishedNs;
        }

        Wait("control_loop", doneNs, action.OfferedNs);
        Wait("tick", action.OfferedNs, action.PublishedNs);
        Span("publish", action.PublishedNs, action.SentNs);
        root.SetEndTime(clock.At(action.SentNs).UtcDateTime);

        void Wait(string what, long fromNs, long toNs) => Span("wait", fromNs, toNs, what);

        void Span(string name, long fromNs, long toNs, string? waitFor = null)
        {
            using var span = Source.StartActivity(
                name,
                ActivityKind.Internal,
                root.Context,
                startTime: clock.At(fromNs)
            );
            if (waitFor is not null)
                span?.SetTag("vla.wait.for", waitFor);
            span?.SetEndTime(clock.At(toNs).UtcDateTime);
        }
    }

    /// <summary>What the wall clock showed at a monotonic time, judged from now.</summary>
    private readonly struct WallClock(TimeProvider time)
    {
        private readonly long _nowNs = time.NowNs();
        private readonly DateTimeOffset _now = time.GetUtcNow();

        public DateTimeOffset At(long ns) => _now.AddTicks((ns - _nowNs) / TimeSpan.NanosecondsPerTick);
    }
}
