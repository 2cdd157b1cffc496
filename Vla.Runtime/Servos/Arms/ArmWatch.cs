using Vla.Sensors;

namespace Vla.Runtime.Servos.Arms;

/// <summary>How much is wrong with an arm.</summary>
internal enum ArmConcern
{
    None,

    /// <summary>It is said.</summary>
    Warn,

    /// <summary>The arm holds still.</summary>
    Hold,

    /// <summary>It is brought to rest and let go.</summary>
    Rest,
}

/// <summary>Looks at what the servos tell: warmth, current, blocked joints, faults of their own.</summary>
/// <remarks>
/// First it is said, then the arm holds still for <see cref="ArmLimits.HoldSeconds"/> at least, then it is to rest.
/// Words are made when something changes, never at every turn.
/// </remarks>
internal sealed class ArmWatch(ArmLimits limits, ServoMake make)
{
    private readonly double[] _blockedSeconds = new double[ArmKind.Ids.Length];
    private readonly double[] _currentSeconds = new double[ArmKind.Ids.Length];
    private readonly Queue<long> _stalls = new();
    private Finding _said;
    private long _holdingSinceNs;
    private long _heldUntilNs;
    private string _words = "";

    private enum Kind
    {
        Nothing,
        Warmth,
        Current,
        Blocked,
        Fault,
        TooOften,
    }

    /// <summary>What is to be done about it.</summary>
    public ArmConcern Concern { get; private set; }

    /// <summary>What is wrong, and the mend; empty when nothing is.</summary>
    public string Words => Concern == ArmConcern.None ? "" : _words;

    /// <summary>Whether a joint is blocked now.</summary>
    public bool IsBlocked => Array.Exists(_blockedSeconds, seconds => seconds >= limits.StallHoldSeconds);

    /// <summary>Looks at one reading.</summary>
    /// <param name="reading">What they tell.</param>
    /// <param name="goals">Where they are told to be, steps; empty while nothing holds them.</param>
    /// <param name="seconds">Since the last one.</param>
    public void Look(ArmReading reading, ReadOnlySpan<double> goals, double seconds)
    {
        var worst = default(Finding);
        for (var i = 0; i < ArmKind.Ids.Length; i++)
        {
            var faults = Worrying(reading.Faults[i], i);
            Weigh(ref worst, OfFaults(faults), i, Kind.Fault, (int)faults);
            Weigh(ref worst, OfWarmth(reading.Celsius[i]), i, Kind.Warmth);
            Weigh(ref worst, OfCurrent(reading, i, seconds), i, Kind.Current);
            if (!goals.IsEmpty)
                Weigh(ref worst, OfBlocked(reading, goals[i], i, seconds), i, Kind.Blocked);
        }

        Decide(worst, reading, goals);
    }

    private static void Weigh(ref Finding worst, ArmConcern concern, int joint, Kind kind, int faults = 0)
    {
        if (concern > worst.Concern)
            worst = new Finding(concern, joint, kind, faults);
    }

    /// <remarks>
    /// A gripper that holds something is in overload after a while, by its low limit: its servo then holds it with less
    /// torque, which is what the limit is for.
    /// </remarks>
    private static ServoFaults Worrying(ServoFaults faults, int joint) =>
        joint == ArmKind.Gripper ? faults & ~ServoFaults.Overload : faults;

    private static ArmConcern OfFaults(ServoFaults faults) =>
        faults == ServoFaults.None ? ArmConcern.None : ArmConcern.Hold;

    private ArmConcern OfWarmth(int celsius) =>
        celsius >= limits.RestCelsius ? ArmConcern.Rest
        : celsius >= limits.HoldCelsius ? ArmConcern.Hold
        : celsius >= limits.WarnCelsius ? ArmConcern.Warn
        : ArmConcern.None;

    private ArmConcern OfCurrent(ArmReading reading, int joint, double seconds)
    {
        var milliamperes = reading.Milliamperes[joint];
        _currentSeconds[joint] = milliamperes < limits.WarnMilliamperes ? 0 : _currentSeconds[joint] + seconds;
        if (_currentSeconds[joint] < limits.CurrentSeconds)
            return ArmConcern.None;
        return milliamperes >= limits.HoldMilliamperes ? ArmConcern.Hold : ArmConcern.Warn;
    }

    private ArmConcern OfBlocked(ArmReading reading, double goal, int joint, double seconds)
    {
        // A gripper pushes against what it holds: its torque is limited for that.
        var isBlocked =
            joint != ArmKind.Gripper
            && Math.Abs(goal - reading.Positions[joint]) >= limits.StallSteps
            && Math.Abs(reading.Speeds[joint]) <= limits.StallSpeed
            && reading.Loads[joint] >= limits.StallLoad;
        _blockedSeconds[joint] = isBlocked ? _blockedSeconds[joint] + seconds : 0;
        return _blockedSeconds[joint] >= limits.StallHoldSeconds ? ArmConcern.Hold
            : _blockedSeconds[joint] >= limits.StallWarnSeconds ? ArmConcern.Warn
            : ArmConcern.None;
    }

    private void Decide(Finding worst, ArmReading reading, ReadOnlySpan<double> goals)
    {
        var nowNs = reading.AtNs;
        // What is at rest for want of better stays there until somebody connects it anew.
        if (Concern == ArmConcern.Rest)
            return;
        if (worst.Concern < ArmConcern.Hold)
        {
            if (nowNs < _heldUntilNs)
                return;
            _holdingSinceNs = 0;
        }
        else
        {
            if (worst.Kind == Kind.Blocked && _holdingSinceNs == 0)
                NoteStall(nowNs);
            if (_holdingSinceNs == 0)
                _holdingSinceNs = nowNs;
            _heldUntilNs = nowNs + Ns(limits.HoldSeconds);
            if (_stalls.Count >= limits.StallsToRest)
                worst = new Finding(ArmConcern.Rest, worst.Joint, Kind.TooOften, 0);
            if (nowNs - _holdingSinceNs >= Ns(limits.RestAfterSeconds))
                worst = worst with { Concern = ArmConcern.Rest };
        }

        Concern = worst.Concern;
        if (worst == _said || Concern == ArmConcern.None)
        {
            _said = worst;
            return;
        }

        _said = worst;
        _words = InWords(worst, reading, goals);
    }

    private void NoteStall(long nowNs)
    {
        while (_stalls.TryPeek(out var oldest) && nowNs - oldest > Ns(limits.StallMemorySeconds))
            _stalls.Dequeue();
        _stalls.Enqueue(nowNs);
    }

    private string InWords(Finding what, ArmReading reading, ReadOnlySpan<double> goals)
    {
        var i = what.Joint;
        var servo = ArmKind.ServoNames.Of(ArmKind.Ids[i]);
        var degrees = goals.IsEmpty ? 0 : Degrees(goals[i] - reading.Positions[i]);
        return what.Kind switch
        {
            Kind.Fault => $"{servo}: {ServoFaultWords.Of((ServoFaults)what.Faults)}",
            Kind.Warmth => $"{servo} is {reading.Celsius[i]} °C warm; let it cool down, and give it less to carry",
            Kind.Current => $"{servo} takes {reading.Milliamperes[i] / 1_000:0.0} A; look for what it pushes against, "
                + "and give it less to carry",
            Kind.TooOften => $"{servo} was blocked again and again; clear its way, then start anew",
            _ => $"{servo} is blocked, {degrees:0}° from where it is to be, with {reading.Loads[i] * 100:0} "
                + "% of its torque; "
                + "clear its way",
        };
    }

    private double Degrees(double steps) => Math.Abs(steps) * 360 / make.Resolution;

    private static long Ns(double seconds) => (long)(seconds * MonotonicTime.NsPerSecond);

    /// <summary>What is wrong with one joint.</summary>
    private readonly record struct Finding(ArmConcern Concern, int Joint, Kind Kind, int Faults);
}
