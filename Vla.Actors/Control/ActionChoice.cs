using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Chooses the action of each tick: of the newest chunk, what stands in its way, and what operators have asked for.
/// </summary>
/// <remarks>
/// For one thread at a time, except what says that it is for any. Publishes nothing: whoever asks does, and then sets
/// <see cref="Last"/>.
/// </remarks>
internal sealed class ActionChoice
{
    private readonly RobotProfile _profile;
    private readonly ControlOptions _options;
    private readonly OperatorRequests _operator;
    private readonly ActionLimiter _limiter;
    private readonly StartingPoint _start;
    private readonly WordsWatch _words = new();

    private OfferedChunk? _offered;
    private OfferedChunk? _taken;
    private Sight _sightSinceBack = Sight.Clear;
    private Origin _origin;
    private (long ArrivalNs, long LimitNs)? _ages;
    private PublishedAction? _last;
    private string _idleReason = "no action yet";
    private Sight _sight = Sight.Clear;

    /// <param name="profile">Dimensions and limits of the robot.</param>
    /// <param name="options">Valid.</param>
    /// <param name="clock">Tells how long nobody ticked.</param>
    /// <param name="execution">How the policy wants its chunks carried out.</param>
    /// <param name="start">From where the robot sets out.</param>
    /// <param name="requests">What operators ask for.</param>
    public ActionChoice(
        RobotProfile profile,
        ControlOptions options,
        IControlClock clock,
        ChunkExecution execution,
        StartingPoint start,
        OperatorRequests requests
    )
    {
        (_profile, _options, _start, _operator) = (profile, options, start, requests);
        Action = new ActionInForce(
            [.. profile.Dimensions.Select(dimension => dimension.Name)],
            new ChunkAgeLimit(options.MaximumActionAgeMs, options.MaximumChunkAgeMs, execution),
            execution
        );
        Demand = new ChunkDemand(execution.Execute, options.MaximumActionAgeNs);
        Ladder = new SafetyLadder(options);
        _limiter = new ActionLimiter(profile, options.PeriodNs);
        Absence = new Absence(clock, options.PeriodNs);
        Limits = new LimitsWatch(profile, options.AtLimitsMs * MonotonicTime.NsPerMs, execution);
        TickedNs = clock.NowNs;
    }

    public ActionInForce Action { get; }

    public SafetyLadder Ladder { get; }

    public Absence Absence { get; }

    public LimitsWatch Limits { get; }

    public ChunkTally Chunks { get; } = new();

    public ChunkDemand Demand { get; }

    public PipelineLatencies Latencies { get; set; } = new();

    /// <summary>When the tick before was, monotonic nanoseconds.</summary>
    public long TickedNs { get; set; }

    /// <summary>The newest published action; null before the first. Read from any thread.</summary>
    public PublishedAction? Last
    {
        get => Volatile.Read(ref _last);
        set => Volatile.Write(ref _last, value);
    }

    /// <summary>Why there is no action before the first one. From any thread.</summary>
    public string IdleReason
    {
        get => Volatile.Read(ref _idleReason);
        set => Volatile.Write(ref _idleReason, value);
    }

    /// <summary>Whether anybody may move by sight, and since when. From any thread.</summary>
    public Sight Sight
    {
        get => Volatile.Read(ref _sight);
        set => Volatile.Write(ref _sight, value);
    }

    /// <summary>The newest instruction given. From any thread.</summary>
    public Instruction? Instruction
    {
        get => _words.Newest;
        set
        {
            _words.Newest = value;
            Demand.NewestInstruction = value?.Number ?? 0;
        }
    }

    /// <summary>Hands over the newest chunk, for the next tick. From any thread.</summary>
    /// <returns>Whether it replaces one that no tick has taken yet.</returns>
    public bool Offer(ActionChunk chunk, long nowNs) =>
        Interlocked.Exchange(ref _offered, new OfferedChunk(chunk, nowNs)) is not null;

    /// <summary>The action due now.</summary>
    /// <param name="nowNs">The tick's time.</param>
    /// <param name="asked">The newest operator's request that it obeys.</param>
    /// <param name="first">The chunk that this is the first action of; null when it is no first one.</param>
    public PublishedAction Choose(long nowNs, out long asked, out OfferedChunk? first)
    {
        LookForAbsence(nowNs);
        var sight = Sight;
        if (sight.SeesSinceNs < _sightSinceBack.SeesSinceNs && sight.Blindness is null)
            sight = _sightSinceBack;
        sight = _start.Sense(sight, nowNs);
        if (Interlocked.Exchange(ref _offered, null) is { } offered)
        {
            Action.Consider(offered.Chunk, sight, nowNs);
            if (ReferenceEquals(Action.Chunk, offered.Chunk))
                _taken = offered;
        }

        var due = Action.Due(sight, nowNs);
        asked = _operator.Obey(Ladder);
        var elapsedNs = nowNs - TickedNs;
        var wild = Limits.Look(due, elapsedNs);
        var obstacle = sight.Blindness ?? _start.Obstacle(due, _limiter, nowNs);
        if (Action.Chunk is { } chunk)
            obstacle ??= _words.Obstacle(chunk.Origin, Action.AgeLimitNs, nowNs);
        var isDue = !due.IsEmpty && wild.Length == 0 && obstacle is null;
        var complaint = wild.Length > 0 ? wild : Action.Complaint;
        var state = Ladder.Step(nowNs + Absence.SleptNs, isDue, obstacle, complaint, IdleReason);
        _start.Place(state, _limiter, nowNs);
        var values = new float[_profile.Dimensions.Count];
        var clamped = 0UL;
        ActionValues? wanted = null;
        switch (state)
        {
            case ControlState.Policy:
                clamped = _limiter.Follow(due, elapsedNs, values);
                if (clamped != 0)
                    wanted = ActionValues.Create(due);
                _origin = Action.Chunk!.Origin;
                _ages = (Action.ArrivalAgeNs, Action.AgeLimitNs);
                Chunks.Published(Action.Chunk, Action.Row, nowNs);
                break;
            case ControlState.Hold:
                _limiter.Hold(elapsedNs, values);
                break;
            default:
                _limiter.Stop(values);
                break;
        }

        if (state != ControlState.Policy)
            Chunks.End();
        Demand.Look(Action.Chunk, nowNs, Action.AgeLimitNs);
        first = state == ControlState.Policy ? Interlocked.Exchange(ref _taken, null) : null;
        if (first is not null)
            Latencies.Record(_origin, first.OfferedNs, nowNs);
        return Compose(state, Ladder.Reason, values, clamped, nowNs, wanted);
    }

    /// <summary>The stop that follows from an exception while choosing; nothing from before counts any more.</summary>
    /// <param name="exception">What happened.</param>
    /// <param name="nowNs">The tick's time.</param>
    /// <param name="asked">The newest operator's request that it obeys.</param>
    public PublishedAction Fail(Exception exception, long nowNs, out long asked)
    {
        Action.Clear();
        Chunks.End();
        _taken = null;
        _start.NoteStop();
        asked = _operator.Obey(Ladder);
        Ladder.Fail($"the control loop failed: {exception.Message}", nowNs + Absence.SleptNs);
        return Stop(Ladder.Reason, nowNs);
    }

    /// <summary>A stop.</summary>
    /// <param name="reason">As published.</param>
    /// <param name="nowNs">The time.</param>
    public PublishedAction Stop(string reason, long nowNs)
    {
        var values = new float[_profile.Dimensions.Count];
        _limiter.Stop(values);
        return Compose(ControlState.Stop, reason, values, 0, nowNs);
    }

    /// <summary>After an absence nothing from before counts: neither an action nor a picture.</summary>
    private void LookForAbsence(long nowNs)
    {
        if (Absence.Look(nowNs) is not (> 0 and var awayNs) || _last is null)
            return;
        Action.Clear();
        _sightSinceBack = new Sight(null, nowNs, "the controller was back");
        Ladder.Away(nowNs + Absence.SleptNs, awayNs, Absence.Newest);
    }

    private PublishedAction Compose(
        ControlState state,
        string reason,
        float[] values,
        ulong clamped,
        long nowNs,
        ActionValues? wanted = null
    ) =>
        new()
        {
            Sequence = (_last?.Sequence ?? 0) + 1,
            State = state,
            Reason = reason,
            // Handed over: nothing writes into it any more.
            Values = ActionValues.Of(values),
            Wanted = wanted!,
            Unknown = _start.Unknown,
            Clamped = clamped,
            Origin = _origin,
            Row = state == ControlState.Policy ? Action.Row : 0,
            ArrivalAgeNs = _ages?.ArrivalNs,
            AgeLimitNs = _ages?.LimitNs,
            PublishedNs = nowNs,
            DeadmanMs = _options.DeadmanInForceMs,
        };
}

/// <summary>A chunk with the time it arrived.</summary>
internal sealed record OfferedChunk(ActionChunk Chunk, long OfferedNs);
