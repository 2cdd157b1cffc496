using System.ComponentModel.DataAnnotations;
using Vla.Actors.Chunks;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;

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

    private readonly RobotProfile _profile;
    private readonly ControlOptions _options;
    private readonly IControlClock _clock;
    private readonly RobotOutputs _outputs;
    private readonly ControlThread _thread;
    private readonly ControlWatch _watch;
    private readonly ActionChoice _choice;
    private readonly ControlAccount _account;
    private readonly ControlCounters _counters;
    private readonly OperatorRequests _operator = new();

    private readonly object _gate = new();
    private readonly ManualResetEventSlim _ended = new(false);
    private int _shuttingDown;
    private volatile bool _started;

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
        _choice = new ActionChoice(
            profile,
            options,
            clock,
            execution ?? ChunkExecution.Freshest,
            new StartingPoint(profile, state, policyTakesState, robot),
            _operator
        );
        _counters = new ControlCounters(profile.Dimensions.Count);
        _outputs = new RobotOutputs(robots, clock, options.PeriodNs);
        _thread = new ControlThread(clock, options)
        {
            Tick = TryTick,
            Late = CountLate,
            IsUrgent = () => _operator.AreWaiting,
            Failed = LoseClock,
        };
        _account = new ControlAccount(_choice, _counters, _outputs, _thread, _operator, clock);
        // What the thread that hangs had not passed on yet comes first.
        _watch = new ControlWatch(
            _outputs.Direct,
            () => _thread.Replace(() => Last is not { } last || _outputs.Send(last)),
            options.RealTime
        );
    }

    /// <summary>The newest action; null before the first tick.</summary>
    public PublishedAction? Last => _choice.Last;

    /// <summary>Where the time between a picture and its action goes.</summary>
    public PipelineLatencies Latencies
    {
        get => _choice.Latencies;
        init => _choice.Latencies = value;
    }

    /// <summary>How late ticks are.</summary>
    public LatencyWindow TickLateness { get; } = new();

    /// <summary>Everybody who watches.</summary>
    public ControllerObservers Observers { get; } = new();

    /// <summary>When the next actions are wanted.</summary>
    public ChunkDemand Demand => _choice.Demand;

    /// <summary>What became of the policy's chunks.</summary>
    public ChunkProgress Progress => _choice.Chunks.Progress;

    /// <summary>How old the picture of an action may be.</summary>
    public long MaximumActionAgeNs => _options.MaximumActionAgeNs;

    /// <summary>Why there is no action before the first one, as published while holding.</summary>
    public string IdleReason
    {
        get => _choice.IdleReason;
        set => _choice.IdleReason = value;
    }

    /// <summary>
    /// Why nobody may move by sight right now ("the camera is lost: …"); null while they may. With the next tick the
    /// robot holds for this reason, then stops; it goes on with the first action from a picture taken after this was
    /// null again.
    /// </summary>
    public string? Blindness
    {
        get => _choice.Sight.Blindness;
        set
        {
            // Only the end of a blindness is an end: saying again that all is well changes nothing.
            if (value is not null || Blindness is not null)
                _choice.Sight = new Sight(value, _clock.NowNs);
        }
    }

    /// <summary>
    /// The newest instruction given. A policy that goes on acting on an earlier one for too long is not followed.
    /// </summary>
    public Instruction? Instruction
    {
        get => _choice.Instruction;
        set => _choice.Instruction = value;
    }

    /// <summary>
    /// True while the robot is stopped, or about to be, until <see cref="Resume"/>: a fresh action alone does not end
    /// that.
    /// </summary>
    public bool NeedsResume => _operator.IsStopped || _choice.Ladder.IsLatched;

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
        if (_choice.Offer(chunk, nowNs))
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
        _account.AnswerAsync(_operator.Stop(reason), patience, cancellation);

    /// <summary>Ends any stop: the robot holds until a fresh action comes.</summary>
    public void Resume() => _operator.Resume();

    /// <summary>The same, and waits until that is published.</summary>
    public Task<RequestOutcome> ResumeAsync(TimeSpan patience, CancellationToken cancellation = default) =>
        _account.AnswerAsync(_operator.Resume(), patience, cancellation);

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
            if (_started || Last is not null)
            {
                last = _choice.Stop(reason, _clock.NowNs);
                _account.Note(last);
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
    public ControlSnapshot Snapshot() => _account.Snapshot(TickLateness, _profile.LimitsEnabled);

    /// <inheritdoc/>
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
                action = _choice.Choose(nowNs, out asked, out first);
                var readyNs = _clock.NowNs;
                // Paused in the middle of it: what was chosen is as stale as what was chosen before.
                if (_choice.Absence.IsTooLong(readyNs - nowNs))
                    action = _choice.Choose(nowNs = readyNs, out asked, out first);
            }
            catch (Exception exception)
            {
                // The tick must go on whatever happens in it: a loop that died silently could not say stop.
                _counters.CountFault(exception);
                action = _choice.Fail(exception, nowNs, out asked);
            }

            _choice.TickedNs = nowNs;
            _account.Note(action);
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
}
