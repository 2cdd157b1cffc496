using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Sensors;

namespace Vla.Actors.Stages;

/// <summary>
/// Asks for instructions newer than the one that is known, again and again, so that one who was restarted knows whom to
/// answer.
/// </summary>
/// <param name="upstream">Is told <see cref="InstructionWanted"/>.</param>
/// <param name="time">The clock.</param>
internal sealed class InstructionDemand(IActorRef upstream, TimeProvider time)
{
    /// <summary>Often enough for an instruction not to wait, too seldom to cost anything.</summary>
    private const long AgainNs = 50 * MonotonicTime.NsPerMs;

    private InstructionWanted _wanted = new(0);
    private long? _saidNs;

    /// <summary>Asks for one newer than <paramref name="known"/>.</summary>
    public void After(Instruction known)
    {
        _wanted = new InstructionWanted(known.Number);
        Say();
    }

    /// <summary>Asks again, unless that was done a moment ago.</summary>
    public void Again()
    {
        if (_saidNs is not { } saidNs || time.NowNs() - saidNs >= AgainNs)
            Say();
    }

    private void Say()
    {
        _saidNs = time.NowNs();
        upstream.Tell(_wanted);
    }
}
