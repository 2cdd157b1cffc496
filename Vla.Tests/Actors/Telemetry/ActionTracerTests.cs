using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Actors.Telemetry;
using Vla.Sensors;

namespace Vla.Tests.Actors.Telemetry;

public sealed class ActionTracerTests : IDisposable
{
    private const long Ms = MonotonicTime.NsPerMs;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));
    private readonly List<Activity> _spans = [];
    private readonly List<IDisposable> _used = [];

    public void Dispose() => _used.ForEach(used => used.Dispose());

    [Fact]
    public void A_trace_has_a_span_for_each_stage_and_each_wait_and_they_add_up()
    {
        var capturedNs = _time.NowNs();
        _time.Advance(TimeSpan.FromSeconds(5));

        Tracer(1).Trace(Record(capturedNs));

        var root = Assert.Single(_spans, span => span.ParentSpanId == default);
        Assert.Equal("action", root.OperationName);
        Assert.Equal(new DateTime(2026, 3, 1, 8, 0, 0, DateTimeKind.Utc), root.StartTimeUtc);
        Assert.Equal(7L, root.GetTagItem("vla.frame.sequence"));
        Assert.Equal("pick up", root.GetTagItem("vla.instruction.text"));

        var parts = _spans.Where(span => span != root).ToList();
        Assert.All(parts, part => Assert.Equal((root.TraceId, root.SpanId), (part.TraceId, part.ParentSpanId)));
        Assert.Equal(
            [
                "prepare 1",
                "wait for encode 2",
                "encode 10",
                "wait for fuse 1",
                "fuse 2",
                "wait for decode 1",
                "decode 3",
                "wait for control_loop 1",
                "wait for tick 9",
                "publish 1",
            ],
            parts.Select(part =>
                $"{part.OperationName}{(part.GetTagItem("vla.wait.for") is { } what ? $" for {what}" : "")} "
                + $"{part.Duration.TotalMilliseconds}"
            )
        );
        Assert.Equal(root.Duration, parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Duration));
        Assert.Equal(root.StartTimeUtc, parts[0].StartTimeUtc);
        foreach (var (before, after) in parts.Zip(parts.Skip(1)))
            Assert.Equal(before.StartTimeUtc + before.Duration, after.StartTimeUtc);
    }

    [Fact]
    public void At_most_so_many_a_second_are_traced()
    {
        var tracer = Tracer(2);

        for (var ms = 0; ms < 3000; ms += 20)
            tracer.Trace(Record(ms * Ms));

        Assert.Equal(6, _spans.Count(span => span.OperationName == "action"));
    }

    [Fact]
    public void None_are_traced_when_none_are_wanted()
    {
        var tracer = Tracer(0);

        for (var ms = 0; ms < 3000; ms += 20)
            tracer.Trace(Record(ms * Ms));

        Assert.Empty(_spans);
    }

    [Fact]
    public void What_the_thread_was_doing_is_not_the_traces_parent()
    {
        var tracer = Tracer(1);
        using var other = new Activity("other").Start();

        tracer.Trace(Record(0));

        Assert.Contains(_spans, span => span.ParentSpanId == default);
        Assert.DoesNotContain(_spans, span => span.TraceId == other.TraceId);
    }

    private static FirstPublished Record(long capturedNs)
    {
        var at = capturedNs;
        var steps = StepTrail.Empty;
        foreach (
            var (step, waitMs, workMs) in new[]
            {
                ("prepare", 0, 1),
                ("encode", 2, 10),
                ("fuse", 1, 2),
                ("decode", 1, 3),
            }
        )
            steps = steps.With(step, at += waitMs * Ms, at += workMs * Ms);
        var origin = new Origin
        {
            FrameSequence = 7,
            Words = new WordsInForce(1, "pick up"),
            CapturedNs = capturedNs,
            Steps = steps,
        };
        return new FirstPublished(1, origin, at += Ms, at += 9 * Ms, at + Ms);
    }

    private ActionTracer Tracer(double tracesPerSecond)
    {
        var tracer = new ActionTracer(_time, tracesPerSecond);
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source == tracer.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        _used.AddRange([listener, tracer]);
        return tracer;
    }
}
