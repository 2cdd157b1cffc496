using System.ComponentModel.DataAnnotations;
using Vla.Actors.Policies;
using Vla.Actors.Telemetry;
using Vla.Sensors;

namespace Vla.Actors.Publishing;

/// <summary>Publishes an action to every robot at a fixed rate, whatever the rest of the process is doing.</summary>
/// <remarks>
/// A <see cref="ControlThread"/> says when; what is done then is <see cref="Tick"/>, which needs no thread. Chunks come in
/// through a cell that keeps the newest. Everything except <see cref="Tick"/> may be called from any thread.
/// </remarks>
public sealed class ControlLoop : IDisposable
{
    /// <summary>How long a shutdown lets a tick under way finish.</summary>
    private const int TickInTheWayMs = 100;

    private readonly RobotProfile _profile;
    private readonly ControlOptions _options;
    private readonly IControlClock _clock;
    private readonly RobotOutputs _outputs;
    private readonly ControlThread _thread;
    private readonly ActionInForce _action;
    private readonly SafetyLadder _ladder;
    private readonly ActionLimiter _limiter;
    private readonly ControlCounters _counters;
    private readonly ChunkTally _chunks = new();

    private readonly object _gate = new();
    private readonly ManualResetEventSlim _ended = new(false);
    private int _shuttingDown;
    private volatile bool _started;

    private OfferedChunk? _offered;
    private OfferedChunk? _taken;
    private string? _operatorStop;
    private int _resumeWanted;
    private long _lastTickNs;
    private Origin _origin;
    private (long ArrivalNs, long LimitNs)? _ages;
    private PublishedAction? _last;
    private string _idleReason = "no action yet";
    private TelemetryFeed? _feed;
    private Sight _sight = Sight.Clear;

    /// <param name="profile">Dimensions and limits of the robot.</param>
    /// <param name="options">Checked here once more.</param>
    /// <param name="robots">Where actions go; the loop disposes them after their last message.</param>
    /// <param name="clock">Tells the time and waits for deadlines.</param>
    /// <param name="execution">How the policy wants its chunks carried out; always the freshest plan when left out.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public ControlLoop(
        RobotProfile profile, ControlOptions options, IEnumerable<IRobot> robots, IControlClock clock, ChunkExecution? execution = null)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        _profile = profile;
        _options = options;
        _clock = clock;
        execution ??= ChunkExecution.Freshest;
        _action = new ActionInForce(profile, options, execution);
        Demand = new ChunkDemand(execution.Execute, options.MaximumActionAgeNs);
        _ladder = new SafetyLadder(options);
        _limiter = new ActionLimiter(profile, (long)(MonotonicTime.NsPerSecond / options.RateHz));
        _counters = new ControlCounters(profile.Dimensions.Count);
        _lastTickNs = clock.NowNs;
        _outputs = new RobotOutputs(robots);
        _thread = new ControlThread(clock, options) { Tick = Tick, Late = CountLate, IsUrgent = () => StopIsPending, Failed = LoseClock };
    }

    /// <summary>The newest action; null before the first tick.</summary>
    public PublishedAction? Last => Volatile.Read(ref _last);

    /// <summary>Where the time between a picture and its action goes.</summary>
    public PipelineLatencies Latencies { get; } = new();

    /// <summary>How late ticks are.</summary>
    public LatencyWindow TickLateness { get; } = new();

    /// <summary>Where telemetry gets its material; null while there is none.</summary>
    public TelemetryFeed? Feed
    {
        get => Volatile.Read(ref _feed);
        set => Volatile.Write(ref _feed, value);
    }

    /// <summary>When the next actions are wanted.</summary>
    public ChunkDemand Demand { get; }

    /// <summary>Why there is no action before the first one, as published while holding.</summary>
    public string IdleReason
    {
        get => Volatile.Read(ref _idleReason);
        set => Volatile.Write(ref _idleReason, value);
    }

    /// <summary>
    /// Why nobody may move by sight right now ("the camera is lost: …"); null while they may. With the next tick the robot
    /// holds for this reason, then stops; it goes on with the first action from a picture taken after this was null again.
    /// </summary>
    public string? Blindness
    {
        get => Volatile.Read(ref _sight).Blindness;
        set
        {
            // Only the end of a blindness is an end: saying again that all is well changes nothing.
            if (value is not null || Blindness is not null)
                Volatile.Write(ref _sight, new Sight(value, _clock.NowNs));
        }
    }

    /// <summary>True while the robot is stopped, or about to be, until <see cref="Resume"/>: a fresh action alone does not end that.</summary>
    public bool NeedsResume => Volatile.Read(ref _operatorStop) is not null || _ladder.IsLatched;

    private bool StopIsPending => Volatile.Read(ref _operatorStop) is not null && _ladder.State != ControlState.Stop;

    /// <summary>Called once, with why, when the loop cannot go on; the stop has been published by then.</summary>
    public Action<string>? Lost { get; set; }

    /// <summary>Starts the control thread.</summary>
    public void Start()
    {
        _started = true;
        _thread.Start();
    }

    /// <summary>Hands over the newest actions, which are copied; replaces what no tick has taken yet. Never blocks.</summary>
    public void Offer(ActionChunk chunk)
    {
        Interlocked.Increment(ref _counters.Offered);
        // Its own copy: what was checked is what is published, also when whoever made it goes on writing into it.
        if (chunk.Values is { } values) chunk = chunk with { Values = [.. values] };
        if (Interlocked.Exchange(ref _offered, new OfferedChunk(chunk, _clock.NowNs)) is not null)
            Interlocked.Increment(ref _counters.Replaced);
        Demand.Served();
    }

    /// <summary>An operator's stop: with the next tick, within 50 ms at any rate, until <see cref="Resume"/>.</summary>
    public void Stop(string reason) => Volatile.Write(ref _operatorStop, reason);

    /// <summary>Ends any stop: the robot holds until a fresh action comes.</summary>
    public void Resume()
    {
        Volatile.Write(ref _operatorStop, null);
        Volatile.Write(ref _resumeWanted, 1);
    }

    /// <summary>One tick: chooses, limits and publishes the action due now. Called by the control thread, or by a test.</summary>
    public void Tick(long nowNs)
    {
        lock (_gate)
        {
            if (_shuttingDown != 0) return;
            try
            {
                Publish(nowNs);
            }
            catch (Exception exception)
            {
                // The tick must go on whatever happens in it: a loop that died silently could not say stop.
                _counters.CountFault(exception);
                _action.Clear();
                _chunks.End();
                _taken = null;
                _ladder.Fail($"the control loop failed: {exception.Message}");
                Send(StopAction(_ladder.Reason, nowNs));
            }
            finally
            {
                _lastTickNs = nowNs;
            }
        }
    }

    /// <summary>Ends the loop: the last message on every output is a stop. Bounded in time; may be called again.</summary>
    /// <remarks>
    /// Fit for handlers of process exit and unhandled exceptions: it does not wait for a control thread or an output that
    /// hangs. A second caller returns when the first is done. A loop that was never started says nothing: whoever could not
    /// even start must not speak to a robot that somebody else may be driving.
    /// </remarks>
    public void Shutdown(string reason)
    {
        if (Interlocked.Exchange(ref _shuttingDown, 1) != 0)
        {
            _ended.Wait(TickInTheWayMs + _options.FlushMs);
            return;
        }

        var alone = Monitor.TryEnter(_gate, TickInTheWayMs);
        try
        {
            PublishedAction? last = null;
            if (_started || _last is not null)
            {
                last = StopAction(reason, _clock.NowNs);
                _counters.Count(last);
                Volatile.Write(ref _last, last);
            }

            _outputs.Finish(last, alone);
        }
        finally
        {
            if (alone) Monitor.Exit(_gate);
        }

        _outputs.WaitFinished(_options.FlushMs);
        _ended.Set();
        _thread.End();
    }

    /// <summary>What the loop has done so far. Reads without holding the loop up.</summary>
    public ControlSnapshot Snapshot()
    {
        var last = Volatile.Read(ref _last);
        var nowNs = _clock.NowNs;
        return new ControlSnapshot
        {
            State = last?.State ?? ControlState.Hold,
            Reason = last?.Reason ?? IdleReason,
            Last = last,
            Published = last?.Sequence ?? 0,
            PublishedByState = ControlCounters.Copy(_counters.PublishedByState),
            Offered = Interlocked.Read(ref _counters.Offered),
            Replaced = Interlocked.Read(ref _counters.Replaced),
            Chunks = _chunks.Read(),
            Refused = [.. Enum.GetValues<Refusal>().Select(_action.RefusedFor)],
            LastRefusal = _action.LastRefusal,
            TooSlow = _action.TooSlow,
            Clamps = ControlCounters.Copy(_counters.Clamps),
            LimitsEnabled = _profile.LimitsEnabled,
            SkippedTicks = _thread.Skipped,
            TickLateness = TickLateness.Read(nowNs),
            Faults = Interlocked.Read(ref _counters.Faults),
            LastFault = Volatile.Read(ref _counters.LastFault),
            Scheduling = _thread.Scheduling,
            ActionAgeNs = last is { Origin.CapturedNs: > 0 } ? nowNs - last.Origin.CapturedNs : null,
            Outputs = _outputs.Snapshot(),
        };
    }

    public void Dispose()
    {
        Shutdown("the control loop was closed");
        if (!_thread.IsAlive) _outputs.Dispose();
    }

    private void CountLate(long lateNs, long nowNs)
    {
        TickLateness.Record(lateNs, nowNs);
        Feed?.Ticked(lateNs);
    }

    /// <summary>Without a clock there is no control: says stop and ends.</summary>
    private void LoseClock(Exception exception)
    {
        _counters.CountFault(exception);
        var reason = $"the control clock failed: {exception.Message}";
        Shutdown(reason);
        Lost?.Invoke(reason);
    }

    private void Publish(long nowNs)
    {
        var sight = Volatile.Read(ref _sight);
        if (Interlocked.Exchange(ref _offered, null) is { } offered)
        {
            _action.Consider(offered.Chunk, sight, nowNs);
            if (ReferenceEquals(_action.Chunk, offered.Chunk)) _taken = offered;
        }

        var due = _action.Due(sight, nowNs);
        ObeyOperator();
        var state = _ladder.Step(nowNs, !due.IsEmpty, sight.Blindness, _action.Complaint, IdleReason);
        var values = new float[_profile.Dimensions.Count];
        var clamped = 0UL;
        var elapsedNs = nowNs - _lastTickNs;
        switch (state)
        {
            case ControlState.Policy:
                clamped = _limiter.Follow(due, elapsedNs, values);
                _origin = _action.Chunk!.Origin;
                _ages = (_action.ArrivalAgeNs, _action.AgeLimitNs);
                _chunks.Published(_action.Chunk, _action.Row);
                break;
            case ControlState.Hold:
                _limiter.Hold(elapsedNs, values);
                break;
            default:
                _limiter.Stop(values);
                break;
        }

        if (state != ControlState.Policy) _chunks.End();
        Send(Compose(state, _ladder.Reason, values, clamped, nowNs));
        Demand.Look(_action.Chunk, nowNs, _action.AgeLimitNs);
        if (state != ControlState.Policy || _taken is not { } first) return;
        Latencies.Record(_origin, first.OfferedNs, nowNs);
        Feed?.Published(new ActionRecord(_last!.Sequence, _origin, first.OfferedNs, nowNs, _clock.NowNs));
        _taken = null;
    }

    private void ObeyOperator()
    {
        if (Interlocked.Exchange(ref _resumeWanted, 0) != 0 && _ladder.State == ControlState.Stop) _ladder.Reset();
        if (Volatile.Read(ref _operatorStop) is { } reason) _ladder.Latch(reason);
    }

    private PublishedAction StopAction(string reason, long nowNs)
    {
        var values = new float[_profile.Dimensions.Count];
        _limiter.Stop(values);
        return Compose(ControlState.Stop, reason, values, 0, nowNs);
    }

    private PublishedAction Compose(ControlState state, string reason, float[] values, ulong clamped, long nowNs) => new()
    {
        Sequence = (_last?.Sequence ?? 0) + 1,
        State = state,
        Reason = reason,
        // Handed over: nothing writes into it any more.
        Values = ActionValues.Of(values),
        Clamped = clamped,
        Origin = _origin,
        ArrivalAgeNs = _ages?.ArrivalNs,
        AgeLimitNs = _ages?.LimitNs,
        PublishedNs = nowNs,
        DeadmanMs = _options.DeadmanInForceMs,
    };

    private void Send(PublishedAction action)
    {
        _counters.Count(action);
        Volatile.Write(ref _last, action);
        _outputs.Send(action);
    }

    /// <summary>A chunk with the time it arrived.</summary>
    private sealed record OfferedChunk(ActionChunk Chunk, long OfferedNs);
}
