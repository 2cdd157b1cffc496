namespace Vla.Actors.Scheduling;

/// <summary>The place of the actor whose thread others may run on while it computes there itself.</summary>
/// <remarks>One that mostly waits, for a GPU say, lends nothing: the others would wait with it.</remarks>
internal sealed class LentThread(SharedThread shared, StageThread thread, Func<long?> threadTimeNs) : OwnThread
{
    /// <summary>A thread that has a core for less than this share of the time waits.</summary>
    private const int ComputingShare = 4;

    private long _beganNs;
    private long? _beganThreadNs;

    public override void Begin(long nowNs) => (_beganNs, _beganThreadNs) = (nowNs, threadTimeNs());

    public override void End(long nowNs)
    {
        var waits = threadTimeNs() - _beganThreadNs < (nowNs - _beganNs) / ComputingShare;
        shared.Lend(waits ? null : thread);
    }
}
