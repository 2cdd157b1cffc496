using System.Globalization;
using Vla.Actors.Chunks;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Sees to it that the robot sets out from where it is: at first, after a stop, and after a long hold.
/// </summary>
/// <remarks>
/// <para>
/// A dimension that the robot's state tells by name starts at what it tells; until that is known, nothing is published
/// for it. One that it does not tell is taken to be at the profile's <c>start</c>, and later where it was last told to
/// be: its first action must be within <c>reach</c> of that, and until there was one nothing is published for it,
/// unless its reach is its whole range, so that it may be anywhere.
/// </para>
/// <para>Deltas and velocities start at zero and are no concern of this. For the control thread.</para>
/// </remarks>
internal sealed class StartingPoint
{
    /// <summary>
    /// After a hold of this length the robot has come to rest, and somebody may have moved it by hand.
    /// </summary>
    public const long AtRestNs = 500 * MonotonicTime.NsPerMs;

    private readonly RobotProfile _profile;
    private readonly RobotStateReader? _state;
    private readonly RobotConnection? _robot;
    private readonly bool _policyNeedsState;
    private Sight _sight = Sight.Clear;
    private Sight _camera = Sight.Clear;
    private bool _isBlind;
    private bool _wasLost;
    private bool _wasHeld;
    private readonly int[] _places;
    private readonly ulong _told;
    private readonly ulong _untold;
    private bool _isPlaced;
    private bool _isUnderWay;
    private bool _hasActed;
    private ControlState _before = ControlState.Hold;
    private long _holdingSinceNs;
    private (int Dimension, string Words)? _outOfReach;

    /// <param name="profile">Dimensions, starts, reaches.</param>
    /// <param name="state">Reads the robot's state; null for a robot that gives none.</param>
    /// <param name="policyNeedsState">Whether nobody may move while it is not known.</param>
    /// <param name="robot">Its loss is a reason for nobody to move; null where there is no robot to lose.</param>
    public StartingPoint(
        RobotProfile profile,
        RobotStateReader? state,
        bool policyNeedsState,
        RobotConnection? robot = null
    )
    {
        _robot = robot;
        (_profile, _state, _policyNeedsState) = (profile, state, policyNeedsState && state is not null);
        _places = new int[profile.Dimensions.Count];
        for (var i = 0; i < _places.Length; i++)
        {
            var dimension = profile.Dimensions[i];
            _places[i] = -1;
            if (dimension.Hold != HoldBehaviour.Keep)
                continue;
            if (
                state is not null
                && RobotStates.Place(state, dimension.Name, dimension.Unit, "the robot profile has") is { } place
            )
            {
                _places[i] = place;
                _told |= 1UL << i;
            }
            else if (!(dimension.ReachWithoutState >= dimension.Maximum - dimension.Minimum))
            {
                _untold |= 1UL << i;
            }
        }

        _isPlaced = _told == 0;
    }

    /// <summary>Bit i is set while nothing may be published for dimension i.</summary>
    public ulong Unknown => (_isPlaced ? 0 : _told) | (_hasActed ? 0 : _untold);

    /// <summary>
    /// What may be trusted of what is seen: nobody moves a robot that is lost, and a policy that takes the robot's
    /// state sees nothing without it.
    /// </summary>
    /// <param name="camera">As the camera has it.</param>
    /// <param name="nowNs">The tick's time.</param>
    public Sight Sense(Sight camera, long nowNs)
    {
        if (!_policyNeedsState && _robot is null)
            return camera;
        var lost = _robot?.Lost;
        var stays = lost ?? _robot?.Holding;
        if (stays is not null)
            NoteLost();
        var problem = stays ?? (_policyNeedsState ? _state!.Problem(nowNs) : null);
        if (problem is null && !_isBlind && ReferenceEquals(camera, _camera))
            return _sight;
        var (sinceNs, since) =
            problem is not null || _isBlind ? (nowNs, Since())
            : camera.SeesSinceNs > _sight.SeesSinceNs ? (camera.SeesSinceNs, camera.Since)
            : (_sight.SeesSinceNs, _sight.Since);
        (_isBlind, _wasLost, _camera) = (problem is not null, lost is not null, camera);
        _wasHeld = stays is not null && lost is null;
        return _sight = new Sight(camera.Blindness ?? problem, sinceNs, since);

        string Since() =>
            _wasLost ? "the robot was connected again"
            : _wasHeld ? "the robot could move again"
            : "the robot's state was known again";
    }

    /// <summary>Why the robot may not set out with the action due; null when it may, or is under way.</summary>
    /// <param name="due">The action due; empty when there is none.</param>
    /// <param name="limiter">Where the robot was last told to be.</param>
    /// <param name="nowNs">The tick's time.</param>
    public string? Obstacle(ReadOnlySpan<float> due, ActionLimiter limiter, long nowNs)
    {
        if (due.IsEmpty || _isUnderWay)
            return null;
        if (_told != 0 && _state!.Problem(nowNs) is { } unknown)
            return unknown;
        for (var i = 0; i < _places.Length; i++)
        {
            var dimension = _profile.Dimensions[i];
            if (dimension.Hold != HoldBehaviour.Keep)
                continue;
            var isTold = _places[i] >= 0;
            var from = isTold ? _state!.ReadOne(nowNs, _places[i]) ?? float.NaN : limiter.ValueOf(i);
            var reach = isTold ? dimension.Reach : dimension.ReachWithoutState;
            if (Math.Abs((double)due[i] - from) <= reach)
                continue;
            // Said once for as long as it lasts: with each new action's value it would be news at every tick.
            if (_outOfReach is { } known && known.Dimension == i)
                return known.Words;
            var where =
                isTold ? "the robot is"
                : _hasActed ? "the robot was last told to be"
                : "the robot starts by its profile";
            var unit = dimension.Unit == "1" ? "" : $" {dimension.Unit}";
            var words = string.Create(
                CultureInfo.InvariantCulture,
                $"the first action's {dimension.Name} is {due[i]:0.####}{unit}, out of reach ({reach:0.####}) from "
                    + $"{from:0.####}, where {where}: "
                    + $"bring the two together, or set \"reach\" in the robot profile"
            );
            _outOfReach = (i, words);
            return words;
        }

        _outOfReach = null;
        return null;
    }

    /// <summary>
    /// Puts the limiter where the robot is, when this tick's state makes that necessary. Before it is asked.
    /// </summary>
    public void Place(ControlState state, ActionLimiter limiter, long nowNs)
    {
        if (_before == ControlState.Stop && state != ControlState.Stop)
            _isPlaced = _told == 0;
        var setsOut = state == ControlState.Policy && !_isUnderWay;
        if (!_isPlaced || setsOut)
            _isPlaced = TryPlace(limiter, nowNs) || _isPlaced;

        if (state == ControlState.Hold && _before != ControlState.Hold)
            _holdingSinceNs = nowNs;
        if (state == ControlState.Policy)
            (_isUnderWay, _hasActed) = (true, true);
        else if (state == ControlState.Stop || nowNs - _holdingSinceNs >= AtRestNs)
            _isUnderWay = false;
        _before = state;
    }

    /// <summary>Notes a stop that came without <see cref="Place"/>: the loop itself failed.</summary>
    public void NoteStop() => (_before, _isUnderWay) = (ControlState.Stop, false);

    /// <summary>While it is lost somebody may move it, and it sags: it sets out anew, from where it is then.</summary>
    private void NoteLost() => (_isUnderWay, _isPlaced) = (false, _told == 0);

    private bool TryPlace(ActionLimiter limiter, long nowNs)
    {
        if (_told == 0)
            return true;
        for (var i = 0; i < _places.Length; i++)
        {
            if (_places[i] < 0)
                continue;
            if (_state!.ReadOne(nowNs, _places[i]) is not { } value)
                return false;
            limiter.Place(i, value);
        }

        return true;
    }
}
