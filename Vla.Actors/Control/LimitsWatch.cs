using System.Globalization;
using Vla.Actors.Chunks;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Notices a decoder gone wild: what it wants is at the limits of every dimension, or absurdly far beyond one, for
/// long.
/// </summary>
/// <remarks>
/// <para>
/// Looked at is what the policy wants, before rates and accelerations: a robot on its way to a far goal is slowed down
/// in every dimension and nothing is wrong. A dimension counts as at its limit when it is wanted there or beyond. A jaw
/// (an either/or dimension of the policy, or a position from 0 to 1 without a unit) is at a limit by nature: it counts
/// only beyond it, and does not excuse the others. With a single dimension, full speed is no sign of anything: only
/// absurd values are.
/// </para>
/// <para>
/// Wild time adds up and sane time takes it back, so a sane value in between does not hide the rest; after the fault,
/// it takes as long a time of sane values to be over. For one thread; allocates nothing while all is well.
/// </para>
/// </remarks>
internal sealed class LimitsWatch
{
    /// <summary>
    /// Absurd is so many times the whole range beyond a limit: mistaken units, a number format gone wrong.
    /// </summary>
    public const float AbsurdRanges = 10;

    /// <summary>Within this share of the range of a limit, or beyond it, is at the limit.</summary>
    private const float NearShare = 0.01f;

    private readonly RobotProfile _profile;
    private readonly long _boundNs;
    private readonly bool[] _isJaw;
    private readonly int _ordinary;
    private long _wildNs;
    private bool _wasWild;
    private bool _isFault;
    private int _count;
    private string _reason = "";
    private string _newest = "";

    /// <param name="profile">The limits; where they are off there is nothing to watch.</param>
    /// <param name="boundNs">How long it may last, nanoseconds; 0 switches the watch off.</param>
    /// <param name="execution">Names the policy's either/or dimensions.</param>
    public LimitsWatch(RobotProfile profile, long boundNs, ChunkExecution execution)
    {
        (_profile, _boundNs) = (profile, boundNs);
        _isJaw =
        [
            .. profile.Dimensions.Select(
                (dimension, i) =>
                    execution.Binary.Contains(i)
                    || dimension is { Hold: HoldBehaviour.Keep, Unit: "1", Minimum: 0, Maximum: 1 }
            ),
        ];
        _ordinary = _isJaw.Count(isJaw => !isJaw);
    }

    /// <summary>How often something was wrong. May be read from any thread.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What was wrong last; empty when nothing was. May be read from any thread.</summary>
    public string Newest => Volatile.Read(ref _newest);

    /// <summary>Looks at the action due now.</summary>
    /// <param name="wanted">What the policy wants, one value per dimension; empty when no action is due.</param>
    /// <param name="elapsedNs">Since the last look, nanoseconds.</param>
    /// <returns>What is wrong, in words; empty while the action may be followed.</returns>
    public string Look(ReadOnlySpan<float> wanted, long elapsedNs)
    {
        if (wanted.IsEmpty || _boundNs == 0 || !_profile.LimitsEnabled)
            return _reason;
        var (isWild, absurd) = Judge(wanted);
        _wildNs = Math.Clamp(
            _wildNs
                + (
                    !isWild ? -elapsedNs
                    : _wasWild ? elapsedNs
                    : 0
                ),
            0,
            _boundNs
        );
        _wasWild = isWild;
        if (!_isFault && isWild && _wildNs == _boundNs)
            Begin(wanted, absurd);
        else if (_isFault && _wildNs == 0)
            (_isFault, _reason) = (false, "");
        return _reason;
    }

    private (bool IsWild, int Absurd) Judge(ReadOnlySpan<float> wanted)
    {
        var atLimit = 0;
        var jawsBeyond = 0;
        for (var i = 0; i < wanted.Length; i++)
        {
            var limits = _profile.Dimensions[i];
            var range = limits.Maximum - limits.Minimum;
            var beyond = Math.Max(limits.Minimum - wanted[i], wanted[i] - limits.Maximum);
            if (beyond > AbsurdRanges * range)
                return (true, i);
            if (_isJaw[i])
                jawsBeyond += beyond > NearShare * range ? 1 : 0;
            else if (beyond >= -NearShare * range)
                atLimit++;
        }

        // Two dimensions at least must say so, of which one may be a jaw that is told what no jaw can do.
        return (atLimit == _ordinary && atLimit + jawsBeyond > 1, -1);
    }

    private void Begin(ReadOnlySpan<float> wanted, int absurd)
    {
        _isFault = true;
        Interlocked.Increment(ref _count);
        var forMs = _boundNs / MonotonicTime.NsPerMs;
        var what =
            absurd < 0
                ? "is at the limits of every dimension"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"is far beyond a limit ({_profile.Dimensions[absurd].Name} {wanted[absurd]:G4}, allowed are "
                        + $"{_profile.Dimensions[absurd].Minimum:G4} to {_profile.Dimensions[absurd].Maximum:G4})"
                );
        _reason = string.Create(
            CultureInfo.InvariantCulture,
            $"what the policy wants {what} for {forMs} ms: it is not followed until it has been within them for as long"
        );
        Volatile.Write(ref _newest, _reason);
    }
}
