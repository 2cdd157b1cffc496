using Vla.Actors.Robots;
using Vla.Runtime.Driving;

namespace Vla.Runtime.Teleoperation;

/// <summary>A recorded dataset in a person's place: <c>replay:DIR#EPISODE</c>.</summary>
/// <remarks>
/// While episodes are recorded, each is the next of the dataset: it waits at its first pose while the episode is set
/// up, and keeps it when it is over. Otherwise it begins at once and stays at its last pose.
/// </remarks>
/// <param name="name">As it was given.</param>
/// <param name="episodes">What is replayed, one after the other, over and over.</param>
/// <param name="profile">The robot's.</param>
/// <param name="time">The clock.</param>
/// <param name="hz">How often it tells, a second.</param>
internal sealed class ReplayTeleoperator(
    string name,
    IReadOnlyList<EpisodeReplay> episodes,
    RobotProfile profile,
    TimeProvider time,
    double hz
) : SteadyTeleoperator(name, time, hz)
{
    private readonly Lock _gate = new();
    private readonly float[] _waiting = new float[profile.Dimensions.Count];
    private int _episode;
    private long? _beganNs;
    private bool _waits;
    private bool _hasAsked;

    public override void ResetBegan()
    {
        lock (_gate)
            (_waits, _beganNs, _episode) = (true, null, _episode + 1);
    }

    public override void EpisodeBegan()
    {
        lock (_gate)
            (_waits, _beganNs, _hasAsked) = (false, NowNs, false);
    }

    internal override void Turn(TeleopFeed feed, long nowNs, double seconds)
    {
        var isOver = false;
        lock (_gate)
        {
            var replay = episodes[_episode % episodes.Count];
            if (!_waits && !feed.WaitsForEpisodes)
                _beganNs ??= nowNs;
            var row = _beganNs is { } beganNs ? replay.RowAt(nowNs - beganNs) : null;
            if (row is not null)
            {
                feed.Move(nowNs, row);
            }
            else
            {
                feed.Move(nowNs, Waiting(replay, isAtEnd: _beganNs is not null));
                isOver = _beganNs is not null && !_hasAsked;
                _hasAsked |= isOver;
            }
        }

        if (isOver)
            feed.Asked(TeleopRequest.Next);
    }

    /// <summary>At a place it stays where it begins or ends; a step or a speed is none.</summary>
    private float[] Waiting(EpisodeReplay replay, bool isAtEnd)
    {
        var row = isAtEnd ? replay.Last : replay.First;
        for (var i = 0; i < _waiting.Length; i++)
            _waiting[i] = profile.Dimensions[i].Hold == HoldBehaviour.Keep ? row[i] : 0;
        return _waiting;
    }
}
