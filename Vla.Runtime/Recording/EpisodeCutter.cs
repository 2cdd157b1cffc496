using Vla.Actors.Robots;

namespace Vla.Runtime.Recording;

/// <summary>Cuts a run into episodes by itself: <c>vla run --record</c>.</summary>
/// <remarks>
/// An episode begins with the first action that the policy made with the instruction in force and on the table that is
/// there. It ends with another instruction, another table, the judge's word on the task, or a stop. Frames are due at a
/// steady rate from its first one on.
/// </remarks>
/// <param name="fps">Frames a second.</param>
/// <param name="controlHz">Actions published a second, <paramref name="fps"/> or more.</param>
internal sealed class EpisodeCutter(int fps, double controlHz) : IEpisodeCutter
{
    private readonly FrameSchedule _schedule = new(fps, controlHz);
    private (long Instruction, long Table)? _open;
    private bool _hasBegun;

    public string? Obstacle { get; private set; }

    public long BeganNs => _schedule.BeganNs;

    public EpisodeEnd WhenCutShort => EpisodeEnd.Kept;

    public Cut Look(PublishedAction action, Func<LiveScene> scene)
    {
        var wasOpen = _open is not null;
        if (action.State == ControlState.Stop)
        {
            _open = null;
            // What a stop says is only the reason where there was no other: every run ends with one.
            if (!_hasBegun)
                Obstacle ??= action.Reason;
            return new Cut(wasOpen ? EpisodeEnd.Kept : null);
        }

        if (wasOpen && !_schedule.IsDue(action.PublishedNs))
            return default;

        var now = scene();
        if (wasOpen && (now.IsDecided || now.Key != _open))
            _open = null;
        EpisodeEnd? end =
            !wasOpen || _open is not null ? null
            : now.IsDecided ? EpisodeEnd.Judged
            : EpisodeEnd.Kept;
        if (_open is null)
        {
            if (now.ObstacleTo(action) is { } obstacle)
            {
                if (!_hasBegun)
                    Obstacle = obstacle;
                return new Cut(end);
            }

            (_hasBegun, Obstacle, _open) = (true, null, now.Key);
            _schedule.Begin(action.PublishedNs);
        }

        var missed = _schedule.Take(action.PublishedNs);
        return new Cut(end, now.Instruction!.Text, missed);
    }
}
