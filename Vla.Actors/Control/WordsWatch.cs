using Vla.Actors.Pipeline;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Notices that the policy still acts on earlier words although others were given: a language encoder that hangs or
/// fails leaves the rest of the policy running, and the robot would go on with what nobody wants any more.
/// </summary>
internal sealed class WordsWatch
{
    /// <summary>
    /// So long a policy may always take for new words and the chunk that follows; one whose pictures may be older than
    /// that may take as long.
    /// </summary>
    private const long LeastNs = MonotonicTime.NsPerSecond;

    private volatile Instruction? _newest;
    private Instruction? _waits;
    private (long Number, string Reason) _said = (0, "");

    /// <summary>The newest instruction given; null before the first. From any thread.</summary>
    public Instruction? Newest
    {
        get => _newest;
        set => _newest = value;
    }

    /// <summary>Looks at every tick. For one thread.</summary>
    /// <param name="origin">Of the action that would be published.</param>
    /// <param name="ageLimitNs">How old its picture may grow, nanoseconds.</param>
    /// <param name="nowNs">The tick's time.</param>
    /// <returns>Why the action is not to be followed; null where it may be, also from a policy that takes no
    /// words.</returns>
    public string? Obstacle(in Origin origin, long ageLimitNs, long nowNs)
    {
        // Who says it again in other words does not begin the wait anew.
        if (_waits is null || origin.InstructionNumber >= _waits.Number)
            _waits = _newest is { } newest && newest.Number > origin.InstructionNumber ? newest : null;
        var boundNs = Math.Max(LeastNs, ageLimitNs);
        if (_waits is not { } waits || origin.InstructionNumber == 0 || nowNs - waits.GivenNs <= boundNs)
            return null;
        if (_said.Number != waits.Number)
            _said = (
                waits.Number,
                $"the policy has not taken up instruction {waits.Number} within {boundNs / MonotonicTime.NsPerMs} ms, "
                    + "what it does is for the one before"
            );
        return _said.Reason;
    }
}
