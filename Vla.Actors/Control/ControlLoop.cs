using System.ComponentModel.DataAnnotations;
using Vla.Actors.Chunks;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>Publishes an action to every robot at a fixed rate, whatever the rest of the process is doing.</summary>
/// <remarks>
/// A <see cref="ControlThread"/> says when; what is done then is <see cref="Tick"/>, which needs no thread. Chunks come
/// in through a cell that keeps the newest. Everything except <see cref="Tick"/> may be called from any thread.
/// </remarks>
public sealed class ControlLoop : IDisposable
{
    /// <summary>How long a shutdown lets a tick under way finish.</summary>
    private const int TickInTheWayMs = 100;

    /// <summary>Robots that have not taken a stop after this time are named.</summary>
    private const long TimeToTakeStopNs = 100 * MonotonicTime.NsPerMs;

    /// <summary>How often an operator's request looks whether it was obeyed.</summary>
    private static readonly TimeSpan LookForAnswer = TimeSpan.FromMilliseconds(2);

    private readonly RobotProfile _profile;
    private readonly ControlOptions _options;
    private readonly IControlClock _clock;
    private readonly RobotOutputs _outputs;
    private readonly ControlThread _thread;
    private readonly ControlWatch _watch;
    private readonly ActionInForce _action;
    private readonly SafetyLadder _ladder;
    private readonly Absence _absence;
    private readonly LimitsWatch _limits;
    private readonly ActionLimiter _limiter;
    private readonly StartingPoint _start;
    private readonly WordsWatch _words = new();
    private readonly ControlCounters _counters;
    private readonly ChunkTally _chunks = new();
    private readonly OperatorRequests _operator = new();

    private readonly object _gate = new();
    private readonly ManualResetEventSlim _ended = new(false);
    private int _shuttingDown;
    private volatile bool _started;

    private OfferedChunk? _offered;
    private OfferedChunk? _taken;
    private PublishedAction? _stopBegan;
    private long _lastTickNs;
    private Sight _sightSinceBack = Sight.Clear;
    private Origin _origin;
    private (long ArrivalNs, long LimitNs)? _ages;
    private PublishedAction? _last;
    private string _idleReason = "no action yet";
    private Sight _sight = Sight.Clear;

    /// <param name="profile">Dimensions and limits of the robot.</param>
    /// <param name="options">Checked here once more.</param>
    /// <param name="robots">Where actions go; the loop disposes them after their last message.</param>
    /// <param name="clock">Tells the time and waits for deadlines.</param>
    /// <param name="execution">How the policy wants its chunks carried out; always the freshest plan when left
    /// out.</param>
    /// <param name="state">Tells where the robot is; null for a robot that does not. Not disposed here.</param>
    /// <param name="policyTakesState">Whether nobody may move while that is not known.</param>
    /// <param name="robot">The robot among them whose loss holds it; null where nothing can be lost.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <exception cref="RobotProfileException">The robot tells its state in other units than the profile's.</exception>
    public ControlLoop(
        RobotProfile profile,
        ControlOptions options,
        IEnumerable<IActionOutput> robots,
        IControlClock clock,
        ChunkExecution? execution = null,
        RobotStateReader? state = null,
        bool policyTakesState = false,
        RobotConnection? robot = null
    )
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        _profile = profile;
        _options = options;
        _clock = clock;
        execution ??= ChunkExecution.Freshest;
        _action = new ActionInForce(
            [.. profile.Dimensions.Select(dimension => dimension.Name)],
            new ChunkAgeLimit(options.MaximumActionAgeMs, options.MaximumChunkAgeMs, execution),
            execution
        );
        Demand = new ChunkDemand(execution.Execute, options.MaximumActionAgeNs);
        _ladder = new SafetyLadder(options);
        var periodNs = (long)(MonotonicTime.NsPerSecond / options.RateHz);
        _limiter = new ActionLimiter(profile, periodNs);
        _absence = new Absence(clock, periodNs);
        _limits = new LimitsWatch(profile, options.AtLimitsMs * MonotonicTime.NsPerMs, execution);
        _start = new StartingPoint(profile, state, policyTakesState, robot);
        _counters = new ControlCounters(profile.Dimensions.Count);
        _lastTickNs = clock.NowNs;
        _outputs = new RobotOutputs(robots, clock, periodNs);
        _thread = new ControlThread(clock, options)
        {
            Tick = TryTick,
            Late = CountLate,
            IsUrgent = () => _operator.AreWaiting,
            Failed = LoseClock,
        };
        // What the thread that hangs had not passed on yet comes first.
        _watch = new ControlWatch(
            _outputs.Direct,
            () => _thread.Replace(() => Last is not { } last || _outputs.Send(last)),
            options.RealTime
        );
    }

    /// <summary>The newest action; null before the first tick.</summary>
    public PublishedAction? Last => Volatile.Read(ref _last);

    /// <summary>Where the time between a picture and its action goes.</summary>
    public PipelineLatencies Latencies { get; init; } = new();

    /// <summary>How late ticks are.</summary>
    public LatencyWindow TickLateness { get; } = new();

    /// <summary>Everybody who watches.</summary>
    public ControllerObservers Observers { get; } = new();

    /// <summary>When the next actions are wanted.</summary>
    public ChunkDemand Demand { get; }

    /// <summary>How old the picture of an action may be.</summary>
    public long MaximumActionAgeNs => _options.MaximumActionAgeNs;

    /// <summary>Why there is no action before the first one, as published while holding.</summary>
    public string IdleReason
    {
        get => Volatile.Read(ref _idleReason);
        set => Volatile.Write(ref _idleReason, value);
    }

    /// <summary>
    /// Why nobody may move by sight right now ("the camera is lost: …"); null while they may. With the next tick the
    /// robot holds for this reason, then stops; it goes on with the first action from a picture taken after this was
    /// null again.
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

    /// <summary>
    /// The newest instruction given. A policy that goes on acting on an earlier one for too long is not followed.
    /// </summary>
    public Instruction? Instruction
    {
        get => _words.Newest;
        set
        {
            _words.Newest = value;
            Demand.NewestInstruction = value?.Number ?? 0;
        }
    }

    /// <summary>
    /// True while the robot is stopped, or about to be, until <see cref="Resume"/>: a fresh action alone does not end
    /// that.
    /// </summary>
    public bool NeedsResume => _operator.IsStopped || _ladder.IsLatched;

    /// <summary>Called once, with why, when the loop cannot go on; the stop has been published by then.</summary>
    public Action<string>? Lost { get; set; }

    /// <summary>Starts the control thread.</summary>
    public void Start()
    {
        _started = true;
        _thread.Start();
        _watch.Start();
    }

    /// <summary>
    /// Hands over the newest actions, which are copied; replaces what no tick has taken yet. Never blocks.
    /// </summary>
    public void Offer(ActionChunk chunk)
    {
        Interlocked.Increment(ref _counters.Offered);
        // Its own copy: what was checked is what is published, also when whoever made it goes on writing into it.
        if (chunk.Values is { } values)
            chunk = chunk with { Values = [.. values] };
        var nowNs = _clock.NowNs;
        if (Interlocked.Exchange(ref _offered, new OfferedChunk(chunk, nowNs)) is not null)
            Interlocked.Increment(ref _counters.Replaced);
        Observers.Show(new Sighting(Sightings.Chunks, nowNs, chunk));
        Demand.Served();
    }

    /// <summary>An operator's stop: with the next tick, within 50 ms at any rate, until <see cref="Resume"/>.</summary>
    public void Stop(string reason) => _operator.Stop(reason);

    /// <summary>The same, and waits until the stop is published and every robot has taken it.</summary>
    /// <param name="reason">As published.</param>
    /// <param name="patience">How long to wait; the stop stays in force also when that was not enough.</param>
    /// <param name="cancellation">Ends the waiting, not the stop.</param>
    public Task<RequestOutcome> StopAsync(string reason, TimeSpan patience, CancellationToken cancellation = default) =>
        AnswerAsync(_operator.Stop(reason), patience, cancellation);

    /// <summary>Ends any stop: the robot holds until a fresh action comes.</summary>
    public void Resume() => _operator.Resume();

    /// <summary>The same, and waits until that is published.</summary>
    public Task<RequestOutcome> ResumeAsync(TimeSpan patience, CancellationToken cancellation = default) =>
        AnswerAsync(_operator.Resume(), patience, cancellation);

    /// <summary>
    /// One tick: chooses, limits and publishes the action due now. Called by the control thread, or by a test.
    /// </summary>
    public void Tick(long nowNs) => TryTick(nowNs);

    /// <summary>
    /// Ends the loop: the last message on every output is a stop. Bounded in time; may be called again.
    /// </summary>
    /// <remarks>
    /// Fit for handlers of process exit and unhandled exceptions: it does not wait for a control thread or an output
    /// that hangs. A second caller returns when the first is done. A loop that was never started says nothing: whoever
    /// could not even start must not speak to a robot that somebody else may be driving.
    /// </remarks>
    public void Shutdown(string reason)
    {
        if (Interlocked.Exchange(ref _shuttingDown, 1) != 0)
        {
            _ended.Wait(TickInTheWayMs + _options.FlushMs);
            return;
        }

        _watch.Dispose();
        var alone = Monitor.TryEnter(_gate, TickInTheWayMs);
        PublishedAction? last = null;
        try
        {
            if (_started || _last is not null)
            {
                last = StopAction(reason, _clock.NowNs);
                Note(last);
                Observers.Show(new Sighting(Sightings.Actions, last.PublishedNs, last));
            }

            _operator.NoteEnded();
        }
        finally
        {
            if (alone)
                Monitor.Exit(_gate);
        }

        _outputs.Finish(last);
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
            LastStop = Volatile.Read(ref _counters.LastStop),
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
            Absences = _absence.Count,
            LastAbsence = _absence.Newest,
            LimitFaults = _limits.Count,
            LastLimitFault = _limits.Newest,
            NeedsResume = _ladder.IsLatched,
            Scheduling = _thread.Scheduling,
            ActionAgeNs = last is { Origin.CapturedNs: > 0 } ? nowNs - last.Origin.CapturedNs : null,
            Outputs = _outputs.Snapshot(),
            NotStopped =
                Volatile.Read(ref _stopBegan) is { } stop && nowNs - stop.PublishedNs >= TimeToTakeStopNs
                    ? _outputs.Without(stop.Sequence)
                    : [],
        };
    }

    public void Dispose()
    {
        Shutdown("the control loop was closed");
        Observers.Dispose();
        if (!_thread.IsAlive)
            _outputs.Dispose();
    }

    private void CountLate(long lateNs, long nowNs)
    {
        TickLateness.Record(lateNs, nowNs);
        Observers.Show(new Sighting(Sightings.Ticks, nowNs, null, lateNs));
    }

    /// <summary>Without a clock there is no control: says stop and ends.</summary>
    private void LoseClock(Exception exception)
    {
        _counters.CountFault(exception);
        var reason = $"the control clock failed: {exception.Message}";
        Shutdown(reason);
        Lost?.Invoke(reason);
    }

    private async Task<RequestOutcome> AnswerAsync(long request, TimeSpan patience, CancellationToken cancellation)
    {
        var beganNs = _clock.NowNs;
        PublishedAction? obeyed = null;
        while (true)
        {
            if (obeyed is null && _operator.IsObeyed(request))
                obeyed = Last;
            var without = obeyed is null ? [] : _outputs.Without(obeyed.Sequence);
            var isOver = _clock.NowNs - beganNs >= patience.Ticks * TimeSpan.NanosecondsPerTick;
            if (isOver || (obeyed is not null && without.Count == 0))
                return new RequestOutcome(obeyed, without);
            await Task.Delay(LookForAnswer, cancellation).ConfigureAwait(false);
        }
    }

    /// <returns>False when the calling thread was held up by an output and is not the control thread any
    /// more.</returns>
    private bool TryTick(long nowNs)
    {
        PublishedAction action;
        OfferedChunk? first = null;
        lock (_gate)
        {
            if (_shuttingDown != 0)
                return true;
            var asked = 0L;
            try
            {
                action = Choose(nowNs, out asked, out first);
                var readyNs = _clock.NowNs;
                // Paused in the middle of it: what was chosen is as stale as what was chosen before.
                if (_absence.IsTooLong(readyNs - nowNs))
                    action = Choose(nowNs = readyNs, out asked, out first);
            }
            catch (Exception exception)
            {
                // The tick must go on whatever happens in it: a loop that died silently could not say stop.
                _counters.CountFault(exception);
                _action.Clear();
                _chunks.End();
                _taken = null;
                _start.NoteStop();
                asked = _operator.Obey(_ladder);
                _ladder.Fail($"the control loop failed: {exception.Message}", nowNs + _absence.SleptNs);
                action = StopAction(_ladder.Reason, nowNs);
            }

            _lastTickNs = nowNs;
            Note(action);
            _operator.NoteObeyed(asked);
            // Under the gate, which it does not hold up: so that nobody sees an action after the stop that ends them
            // all.
            Observers.Show(new Sighting(Sightings.Actions, nowNs, action));
        }

        // Outside the gate, and nothing of the loop after it: an output may hold this thread up for good.
        if (!_outputs.Send(action))
            return false;
        if (first is not null && Observers.AreWanted(Sightings.FirstActions))
        {
            var sentNs = _clock.NowNs;
            Observers.Show(
                new Sighting(
                    Sightings.FirstActions,
                    sentNs,
                    new FirstPublished(action.Sequence, action.Origin, first.OfferedNs, nowNs, sentNs)
                )
            );
        }

        return true;
    }

    private PublishedAction Choose(long nowNs, out long asked, out OfferedChunk? first)
    {
        LookForAbsence(nowNs);
        var sight = Volatile.Read(ref _sight);
        if (sight.SeesSinceNs < _sightSinceBack.SeesSinceNs && sight.Blindness is null)
            sight = _sightSinceBack;
        sight = _start.Sense(sight, nowNs);
        if (Interlocked.Exchange(ref _offered, null) is { } offered)
        {
            _action.Consider(offered.Chunk, sight, nowNs);
            if (ReferenceEquals(_action.Chunk, offered.Chunk))
                _taken = offered;
        }

        var due = _action.Due(sight, nowNs);
        asked = _operator.Obey(_ladder);
        var elapsedNs = nowNs - _lastTickNs;
        var wild = _limits.Look(due, elapsedNs);
        var obstacle = sight.Blindness ?? _start.Obstacle(due, _limiter, nowNs);
        if (_action.Chunk is { } chunk)
            obstacle ??= _words.Obstacle(chunk.Origin, _action.AgeLimitNs, nowNs);
        var isDue = !due.IsEmpty && wild.Length == 0 && obstacle is null;
        var complaint = wild.Length > 0 ? wild : _action.Complaint;
        var state = _ladder.Step(nowNs + _absence.SleptNs, isDue, obstacle, complaint, IdleReason);
        _start.Place(state, _limiter, nowNs);
        var values = new float[_profile.Dimensions.Count];
        var clamped = 0UL;
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

        if (state != ControlState.Policy)
            _chunks.End();
        Demand.Look(_action.Chunk, nowNs, _action.AgeLimitNs);
        first = state == ControlState.Policy ? Interlocked.Exchange(ref _taken, null) : null;
        if (first is not null)
            Latencies.Record(_origin, first.OfferedNs, nowNs);
        return Compose(state, _ladder.Reason, values, clamped, nowNs);
    }

    /// <summary>After an absence nothing from before counts: neither an action nor a picture.</summary>
    private void LookForAbsence(long nowNs)
    {
        if (_absence.Look(nowNs) is not (> 0 and var awayNs) || _last is null)
            return;
        _action.Clear();
        _sightSinceBack = new Sight(null, nowNs, "the controller was back");
        _ladder.Away(nowNs + _absence.SleptNs, awayNs, _absence.Newest);
    }

    private PublishedAction StopAction(string reason, long nowNs)
    {
        var values = new float[_profile.Dimensions.Count];
        _limiter.Stop(values);
        return Compose(ControlState.Stop, reason, values, 0, nowNs);
    }

    private PublishedAction Compose(ControlState state, string reason, float[] values, ulong clamped, long nowNs) =>
        new()
        {
            Sequence = (_last?.Sequence ?? 0) + 1,
            State = state,
            Reason = reason,
            // Handed over: nothing writes into it any more.
            Values = ActionValues.Of(values),
            Unknown = _start.Unknown,
            Clamped = clamped,
            Origin = _origin,
            Row = state == ControlState.Policy ? _action.Row : 0,
            ArrivalAgeNs = _ages?.ArrivalNs,
            AgeLimitNs = _ages?.LimitNs,
            PublishedNs = nowNs,
            DeadmanMs = _options.DeadmanInForceMs,
        };

    private void Note(PublishedAction action)
    {
        _counters.Count(action);
        if (action.State != ControlState.Stop)
            Volatile.Write(ref _stopBegan, null);
        else if (_last?.State != ControlState.Stop)
            Volatile.Write(ref _stopBegan, action);
        Volatile.Write(ref _last, action);
    }

    /// <summary>A chunk with the time it arrived.</summary>
    private sealed record OfferedChunk(ActionChunk Chunk, long OfferedNs);
}
