using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Recording;

/// <summary>Says which actions of a live run are frames of an episode, and where an episode ends.</summary>
/// <remarks>
/// An episode begins with the first action that the policy made with the instruction in force and on the table that is
/// there. It ends with another instruction, another table, the judge's word on the task, or a stop. Frames are due at a
/// steady rate from its first one on; each is the action that is published then. Only published times count, so it
/// needs no clock.
/// </remarks>
/// <param name="fps">Frames a second.</param>
/// <param name="controlHz">Actions published a second, <paramref name="fps"/> or more.</param>
internal sealed class EpisodeCutter(int fps, double controlHz)
{
    private readonly double _periodNs = (double)MonotonicTime.NsPerSecond / fps;

    /// <summary>An action this much before a frame's time is nearer to it than the next one.</summary>
    private readonly double _halfTickNs = MonotonicTime.NsPerSecond / controlHz / 2;

    private (long Instruction, long Table)? _open;
    private long _firstNs;
    private long _next;
    private bool _hasBegun;

    /// <summary>What kept the first episode from beginning, in words; null once one has begun.</summary>
    public string? Obstacle { get; private set; }

    /// <param name="action">As it was published, in order.</param>
    /// <param name="scene">What was asked for and where; only looked at when it matters.</param>
    public Cut Look(PublishedAction action, Func<LiveScene> scene)
    {
        var wasOpen = _open is not null;
        if (action.State == ControlState.Stop)
        {
            _open = null;
            // What a stop says is only the reason where there was no other: every run ends with one.
            if (!_hasBegun)
                Obstacle ??= action.Reason;
            return new Cut(wasOpen, null, 0);
        }

        var place = (action.PublishedNs - _firstNs + _halfTickNs) / _periodNs;
        if (wasOpen && place < _next)
            return default;

        var now = scene();
        if (wasOpen && (now.IsDecided || now.Key != _open))
            _open = null;
        var ends = wasOpen && _open is null;
        var isJudged = ends && now.IsDecided;
        if (_open is null)
        {
            if (ObstacleTo(action, now) is { } obstacle)
            {
                if (!_hasBegun)
                    Obstacle = obstacle;
                return new Cut(ends, null, 0) { IsJudged = isJudged };
            }

            (_hasBegun, Obstacle) = (true, null);
            (_open, _firstNs, _next, place) = (now.Key, action.PublishedNs, 0, 0);
        }

        var missed = (long)place - _next;
        _next = (long)place + 1;
        return new Cut(ends, now.Instruction!.Text, missed) { IsJudged = isJudged };
    }

    /// <summary>Why no episode begins with this action; null when one does.</summary>
    private static string? ObstacleTo(PublishedAction action, in LiveScene now)
    {
        if (now.Instruction is not { } instruction)
            return "there was no instruction";
        if (action.State != ControlState.Policy)
            return action.Reason;
        if (action.Origin.InstructionNumber != instruction.Number || action.Origin.CapturedNs < now.TableBeganNs)
            return "the policy gave no action for the instruction and the table that were there";
        return now.IsDecided ? "the task was decided before the first action" : null;
    }
}

/// <summary>What an action is to a recording.</summary>
/// <param name="EndsEpisode">The episode before it has ended.</param>
/// <param name="Task">It is a frame, of this task; null when it is none.</param>
/// <param name="Missed">Frames that were due before it, and no action came.</param>
internal readonly record struct Cut(bool EndsEpisode, string? Task, long Missed)
{
    /// <summary>The episode that has ended is whole, however short: the simulated world's judge has said so.</summary>
    public bool IsJudged { get; init; }
}

/// <summary>What was asked for, and where.</summary>
/// <param name="Instruction">In force; null before the first.</param>
/// <param name="Table">Number of the simulated world's table; 0 without one.</param>
/// <param name="TableBeganNs">When that was laid, monotonic nanoseconds.</param>
/// <param name="IsDecided">The simulated world's judge has said how the task ended.</param>
internal readonly record struct LiveScene(
    Instruction? Instruction,
    long Table = 0,
    long TableBeganNs = 0,
    bool IsDecided = false
)
{
    public (long, long)? Key => Instruction is null ? null : (Instruction.Number, Table);
}
