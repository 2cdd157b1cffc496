using Vla.Sensors;

namespace Vla.Runtime.Teleoperation;

/// <summary>The keyboard of the terminal: <c>keyboard</c>. Works over SSH and in tmux.</summary>
/// <remarks>
/// A terminal tells that a key was pressed, and tells it again while it is held, but never that it was let go. So a key
/// counts for <see cref="HeldMs"/>, and from its first repetition on without a gap.
/// </remarks>
/// <param name="hand">What is moved.</param>
/// <param name="time">The clock.</param>
/// <param name="hz">How often it tells, a second.</param>
internal sealed class KeyboardTeleoperator(CartesianHand hand, TimeProvider time, double hz)
    : SteadyTeleoperator(Word, time, hz)
{
    /// <summary>How it is given.</summary>
    public const string Word = "keyboard";

    /// <summary>So long a key counts, ms: a little more than lies between its repetitions.</summary>
    private const int HeldMs = 120;

    private static readonly Dictionary<char, (HandAxis Axis, int Direction)> Keys = new()
    {
        ['d'] = (HandAxis.X, 1),
        ['a'] = (HandAxis.X, -1),
        ['w'] = (HandAxis.Y, 1),
        ['s'] = (HandAxis.Y, -1),
        ['i'] = (HandAxis.Z, 1),
        ['k'] = (HandAxis.Z, -1),
        ['j'] = (HandAxis.Yaw, 1),
        ['l'] = (HandAxis.Yaw, -1),
        ['u'] = (HandAxis.Roll, 1),
        ['o'] = (HandAxis.Roll, -1),
        ['t'] = (HandAxis.Pitch, 1),
        ['g'] = (HandAxis.Pitch, -1),
    };

    private readonly Lock _gate = new();
    private readonly (double Direction, long UntilNs)[] _held = new (double, long)[Enum.GetValues<HandAxis>().Length];

    public override bool TakesKeys => true;

    public override string Help =>
        "a d, w s, i k   left right, forward back, up down; j l turns, u o rolls, t g tilts; space opens and closes";

    public override void Press(ConsoleKeyInfo key)
    {
        lock (_gate)
        {
            if (key.KeyChar == ' ')
                hand.ToggleJaw();
            else if (Keys.TryGetValue(char.ToLowerInvariant(key.KeyChar), out var way))
                _held[(int)way.Axis] = (way.Direction, NowNs + HeldMs * MonotonicTime.NsPerMs);
        }
    }

    internal override void Turn(TeleopFeed feed, long nowNs, double seconds)
    {
        lock (_gate)
        {
            for (var axis = 0; axis < _held.Length; axis++)
                hand.Push((HandAxis)axis, nowNs < _held[axis].UntilNs ? _held[axis].Direction : 0);
            if (hand.Step(seconds) is { IsEmpty: false } values)
                feed.Move(nowNs, values);
        }
    }
}
