using System.Collections.Concurrent;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Tests.Actors.Robots;

/// <summary>A clock that stands still until a test moves it.</summary>
internal sealed class ManualClock : IControlClock
{
    private long _nowNs = 1_000 * MonotonicTime.NsPerSecond;
    private long _sleptNs;

    public long NowNs => Interlocked.Read(ref _nowNs);

    public long SleptNs => Interlocked.Read(ref _sleptNs);

    public void Advance(double ms) => Interlocked.Add(ref _nowNs, (long)(ms * MonotonicTime.NsPerMs));

    /// <summary>The machine sleeps: time passes and the clock stands still.</summary>
    public void Sleep(double ms) => Interlocked.Add(ref _sleptNs, (long)(ms * MonotonicTime.NsPerMs));

    public void WaitUntil(long deadlineNs) => throw new NotSupportedException("this clock is moved by the test");
}

/// <summary>
/// A clock whose deadlines come at once, as many as a test allows; then it waits, or fails when told to.
/// </summary>
internal sealed class SteppingClock(int waits) : IControlClock, IDisposable
{
    private readonly SemaphoreSlim _allowed = new(waits);
    private long _nowNs = MonotonicTime.NsPerSecond;
    private volatile bool _broken;

    public long NowNs => Interlocked.Read(ref _nowNs);

    /// <summary>Lets a thread that still waits go on to its end.</summary>
    public void Dispose() => Break();

    public void Advance(double ms) => Interlocked.Add(ref _nowNs, (long)(ms * MonotonicTime.NsPerMs));

    public void Allow(int more) => _allowed.Release(more);

    public void Break()
    {
        _broken = true;
        _allowed.Release();
    }

    public void WaitUntil(long deadlineNs)
    {
        _allowed.Wait();
        if (_broken)
            throw new InvalidOperationException("the clock broke");
        Interlocked.Exchange(ref _nowNs, Math.Max(NowNs, deadlineNs));
    }
}

/// <summary>A robot that remembers what it was given and can be told to fail or to hang.</summary>
internal sealed class FakeRobot : IActionOutput
{
    private readonly ConcurrentQueue<PublishedAction> _applied = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly ManualResetEventSlim _closed = new(false);

    public string Name { get; init; } = "fake";

    public bool MayBlock { get; init; }

    public bool Moves { get; init; } = true;

    public int QueueCapacity { get; init; } = 1;

    /// <summary>Called before an action is remembered: throw or block here.</summary>
    public Action<PublishedAction> Before { get; set; } = _ => { };

    public bool Closed => _closed.IsSet;

    public IReadOnlyList<PublishedAction> Applied => [.. _applied];

    public PublishedAction Last => _applied.Last();

    public void Apply(PublishedAction action)
    {
        ObjectDisposedException.ThrowIf(Closed, this);
        Before(action);
        _applied.Enqueue(action);
        _arrived.Release();
    }

    /// <summary>Waits until this many more actions have been applied.</summary>
    public void Await(int actions)
    {
        for (var i = 0; i < actions; i++)
            Assert.True(_arrived.Wait(TimeSpan.FromSeconds(20)), "no action arrived");
    }

    public void AwaitClosed() => Assert.True(_closed.Wait(TimeSpan.FromSeconds(20)), "the robot was not closed");

    public void Dispose() => _closed.Set();
}

internal static class Make
{
    /// <summary>A slide that is moved by deltas and a gripper that is given positions, with generous limits.</summary>
    public static RobotProfile Profile(float rate = 1_000, float acceleration = 1_000_000, bool limits = true) =>
        new(
            "test",
            limits,
            [
                new RobotDimension
                {
                    Name = "x",
                    Unit = "m",
                    Minimum = -1,
                    Maximum = 1,
                    MaximumRate = rate,
                    MaximumAcceleration = acceleration,
                    Hold = HoldBehaviour.Zero,
                },
                new RobotDimension
                {
                    Name = "gripper",
                    Unit = "1",
                    Minimum = 0,
                    Maximum = 1,
                    MaximumRate = rate,
                    MaximumAcceleration = acceleration,
                    Hold = HoldBehaviour.Keep,
                    Start = 0.5f,
                },
            ]
        );

    public static ActionChunk Action(long capturedNs, params float[] values) => Chunk(capturedNs, 1, 0, values);

    public static ActionChunk Chunk(long capturedNs, int horizon, double stepMs, params float[] values) =>
        new(values, horizon, (long)(stepMs * MonotonicTime.NsPerMs), Origin(capturedNs));

    public static Origin Origin(long capturedNs) =>
        new()
        {
            FrameSequence = 7,
            Words = new WordsInForce(1, "pick up the red block"),
            CapturedNs = capturedNs,
            Steps = StepTrail
                .Of("prepare", capturedNs + 1_000_000, capturedNs + 2_000_000)
                .With("encode", capturedNs + 3_000_000, capturedNs + 8_000_000)
                .With("fuse", capturedNs + 8_100_000, capturedNs + 8_200_000)
                .With("decode", capturedNs + 8_300_000, capturedNs + 8_400_000),
        };

    public static PublishedAction Published(
        long sequence,
        ControlState state,
        long publishedNs = 0,
        params float[] values
    ) =>
        new()
        {
            Sequence = sequence,
            State = state,
            Reason = state == ControlState.Policy ? "" : "because",
            Values = values.Length > 0 ? [.. values] : [0, 0.5f],
            Clamped = 0,
            Origin = default,
            PublishedNs = publishedNs,
        };
}
