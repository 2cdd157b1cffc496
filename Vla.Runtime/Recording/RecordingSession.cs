using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Recording;

/// <summary>
/// Records episodes one after the other, as whoever leads the robot asks: <c>vla record --teleop</c>.
/// </summary>
/// <remarks>
/// <para>
/// Everything is set up, an episode is recorded, it is saved, and so on until there are enough. Each is whole on disk
/// before the next can begin. An episode in which the robot stops is not kept: it shows nobody anything.
/// </para>
/// <para>
/// Time is that of published actions, so it needs no clock. What is asked for comes from any thread and counts from the
/// next action on.
/// </para>
/// </remarks>
internal sealed class RecordingSession(SessionPlan plan, int fps, double controlHz, int before) : IEpisodeCutter
{
    private const long WorthSayingNs = MonotonicTime.NsPerSecond / 2;

    private readonly Lock _gate = new();
    private readonly FrameSchedule _schedule = new(fps, controlHz);
    private SessionPhase _phase = SessionPhase.Reset;
    private EpisodeCommand? _asked;
    private bool _isToBegin;
    private bool _isToEnd;
    private bool _isLetGo;
    private bool _isTakingBack;
    private bool _canTakeBack;
    private bool _wasSuccess;
    private string? _waits;
    private long _table;
    private long? _sinceNs;
    private long? _waitsSinceNs;
    private long _nowNs;
    private int _kept = before;
    private int _discarded;
    private int _succeeded;

    public string? Obstacle { get; private set; } = "no episode was begun";

    public long BeganNs => _schedule.BeganNs;

    public EpisodeEnd WhenCutShort => EpisodeEnd.Discarded;

    /// <summary>Told in words what has happened; must return at once.</summary>
    public Action<string> Said { get; set; } = _ => { };

    /// <summary>Whoever takes part in it.</summary>
    public SessionEvents Events { get; } = new();

    /// <summary>Asks for something.</summary>
    public void Ask(EpisodeCommand command)
    {
        lock (_gate)
            _asked = command;
    }

    /// <summary>How it stands.</summary>
    public SessionProgress Read()
    {
        lock (_gate)
        {
            var seconds = _sinceNs is { } since ? Seconds(_nowNs - since) : 0;
            var most = _phase switch
            {
                SessionPhase.Recording => plan.EpisodeSeconds,
                SessionPhase.Reset => plan.ResetSeconds,
                _ => 0,
            };
            return new SessionProgress(
                _phase,
                Math.Min(_kept + 1, plan.Episodes),
                plan.Episodes,
                _kept,
                _discarded,
                plan.IsEvaluation ? _succeeded : null,
                Math.Round(seconds, 1),
                most,
                _waits
            );
        }
    }

    public Cut Look(PublishedAction action, Func<LiveScene> scene)
    {
        lock (_gate)
        {
            _nowNs = action.PublishedNs;
            _sinceNs ??= _nowNs;
            var asked = _asked;
            _asked = null;
            return _phase switch
            {
                SessionPhase.Recording => Record(action, scene(), asked),
                SessionPhase.Reset => SetUp(action, scene, asked),
                SessionPhase.Saving => Wait(asked),
                _ => default,
            };
        }
    }

    public void Settle(bool isSaved, string why)
    {
        lock (_gate)
        {
            if (_phase != SessionPhase.Saving)
                return;
            if (_isTakingBack)
            {
                _isTakingBack = false;
                if (isSaved)
                {
                    _kept--;
                    _discarded++;
                    if (_wasSuccess)
                        _succeeded--;
                }

                Said(isSaved ? $"episode {_kept + 1} was taken back" : $"nothing is taken back: {why}");
                if (isSaved)
                    Events.Heard(SessionMoment.NotKept, _kept + 1);
            }
            else if (isSaved)
            {
                _kept++;
                if (_wasSuccess)
                    _succeeded++;
                _canTakeBack = true;
                Said($"episode {_kept} of {plan.Episodes} is saved{Verdict()}");
                Events.Heard(SessionMoment.Saved, _kept);
            }
            else
            {
                _discarded++;
                Said($"episode {_kept + 1} is not kept: {why}");
                Events.Heard(SessionMoment.NotKept, _kept + 1);
            }

            if (_kept >= plan.Episodes)
                Finish($"all {plan.Episodes} episodes are recorded");
            else if (_isToEnd)
                Finish($"ended as asked, with {_kept} of {plan.Episodes} episodes");
            else
                BeginReset();
        }
    }

    private string Verdict() =>
        !plan.IsEvaluation ? ""
        : _wasSuccess ? ", it succeeded"
        : ", it failed";

    private Cut Record(PublishedAction action, LiveScene now, EpisodeCommand? asked)
    {
        if (action.State == ControlState.Stop)
            return Discard($"the robot stopped: {action.Reason}");
        switch (asked)
        {
            case EpisodeCommand.Again:
                return Discard("it is recorded again, as asked");
            case EpisodeCommand.End:
                _isToEnd = true;
                return Keep(EpisodeEnd.Kept, isSuccess: false);
            case EpisodeCommand.Next:
            case EpisodeCommand.Failed when plan.IsEvaluation:
                return Keep(EpisodeEnd.Kept, asked == EpisodeCommand.Next);
        }

        if (now.IsDecided)
        {
            return now.Failure.Length == 0 || plan.IsEvaluation
                ? Keep(EpisodeEnd.Judged, now.Failure.Length == 0)
                : Discard(now.Failure);
        }

        if (now.Table != _table)
            return Discard("another table was laid");
        if (Seconds(_nowNs - BeganNs) >= plan.EpisodeSeconds)
        {
            return now.IsAttempt && !plan.IsEvaluation
                ? Discard("the task was not done in time")
                : Keep(EpisodeEnd.Kept, isSuccess: false);
        }

        return _schedule.IsDue(_nowNs) && now.Instruction is { } instruction
            ? new Cut(null, instruction.Text, _schedule.Take(_nowNs))
            : default;
    }

    private Cut SetUp(PublishedAction action, Func<LiveScene> scene, EpisodeCommand? asked)
    {
        switch (asked)
        {
            case EpisodeCommand.End:
                Finish($"ended as asked, with {_kept} of {plan.Episodes} episodes");
                return default;
            case EpisodeCommand.Again when _canTakeBack:
                (_phase, _isTakingBack, _canTakeBack) = (SessionPhase.Saving, true, false);
                return new Cut(EpisodeEnd.TakenBack);
            case EpisodeCommand.Again:
                Said("there is no episode of this run to take back");
                break;
            case EpisodeCommand.Next:
                _isToBegin = true;
                break;
        }

        _isToBegin |= Seconds(_nowNs - _sinceNs!.Value) >= plan.ResetSeconds;
        if (!_isToBegin)
            return default;
        LetGo();
        var now = scene();
        if (now.IsDecided)
        {
            Said("the task was decided before the episode began: it is set up anew");
            BeginReset();
            return default;
        }

        if ((now.ObstacleTo(action) ?? Events.NotReady()) is { } obstacle)
        {
            _waitsSinceNs ??= _nowNs;
            // The first action on another table takes a moment.
            if (_waits is null && _nowNs - _waitsSinceNs >= WorthSayingNs)
                Said($"episode {_kept + 1} waits: {obstacle}");
            _waits = _nowNs - _waitsSinceNs >= WorthSayingNs ? obstacle : null;
            if (Obstacle is not null)
                Obstacle = obstacle;
            return default;
        }

        (_phase, _isToBegin, _waits, _sinceNs, Obstacle) = (SessionPhase.Recording, false, null, _nowNs, null);
        _waitsSinceNs = null;
        _table = now.Table;
        _schedule.Begin(_nowNs);
        Events.EpisodeBegan();
        Events.Heard(SessionMoment.Begun, _kept + 1);
        Said($"episode {_kept + 1} of {plan.Episodes} is recorded: {now.Instruction!.Text}");
        return new Cut(null, now.Instruction.Text, _schedule.Take(_nowNs));
    }

    /// <summary>
    /// A policy acts only within episodes, so it has to be let go before there is an action to begin with; whoever
    /// leads goes on all the time, and a script of theirs begins when the episode can.
    /// </summary>
    private void LetGo()
    {
        if (_isLetGo)
            return;
        _isLetGo = true;
        Events.PolicyMayAct();
    }

    /// <summary>What is asked for while an episode is saved counts when it is.</summary>
    private Cut Wait(EpisodeCommand? asked)
    {
        if (asked == EpisodeCommand.End)
            _isToEnd = true;
        else
            _asked ??= asked;
        return default;
    }

    private Cut Keep(EpisodeEnd end, bool isSuccess)
    {
        Events.EpisodeEnded();
        (_phase, _sinceNs, _wasSuccess) = (SessionPhase.Saving, _nowNs, isSuccess && plan.IsEvaluation);
        return new Cut(end) { IsSuccess = _wasSuccess };
    }

    private Cut Discard(string why)
    {
        _discarded++;
        Events.EpisodeEnded();
        Said($"episode {_kept + 1} is not kept: {why}");
        Events.Heard(SessionMoment.NotKept, _kept + 1);
        BeginReset();
        return new Cut(EpisodeEnd.Discarded);
    }

    private void BeginReset()
    {
        _isLetGo = false;
        (_phase, _sinceNs, _waits, _waitsSinceNs, _isToBegin) = (SessionPhase.Reset, null, null, null, false);
        Said(
            FormattableString.Invariant(
                $"set up episode {_kept + 1} of {plan.Episodes}: it begins in {plan.ResetSeconds:0.#} s, or when asked"
            )
        );
        Events.ResetBegan();
    }

    private void Finish(string why)
    {
        (_phase, _sinceNs) = (SessionPhase.Over, null);
        Events.Heard(SessionMoment.Over, _kept);
        Events.Ended(why);
    }

    private static double Seconds(long ns) => ns / (double)MonotonicTime.NsPerSecond;
}
