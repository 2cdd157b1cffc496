using Vla.Sensors;

namespace Vla.Actors.Scheduling;

/// <summary>
/// The place of an actor that runs on the shared thread as long as its work is short, and on its own otherwise.
/// </summary>
/// <remarks>
/// One that takes long stays on its own thread: it works at the same time as the one whose thread is shared.
/// </remarks>
internal sealed class SharingThread : OwnThread
{
    // Far apart, so that nothing goes to and fro.
    private const long ShortNs = 300 * MonotonicTime.NsPerUs;
    private const long LongNs = 2 * ShortNs;
    private const int Smoothing = 16;

    private readonly SharedThread _shared;
    private readonly StageThread _thread;
    private long _averageNs;
    private long _beganNs;
    private bool _shares;

    /// <param name="shared">Where it runs while its work is short.</param>
    /// <param name="thread">Its own.</param>
    /// <param name="always">Whether its work is known to be short.</param>
    public SharingThread(SharedThread shared, StageThread thread, bool always = false)
    {
        (_shared, _thread) = (shared, thread);
        if (always)
            Share();
    }

    public override void Begin(long nowNs) => _beganNs = nowNs;

    public override void End(long nowNs)
    {
        _averageNs += (nowNs - _beganNs - _averageNs) / Smoothing;
        if (_averageNs < ShortNs)
            Share();
        else if (_averageNs > LongNs)
            Leave();
    }

    public override void Leave()
    {
        if (!_shares)
            return;
        _shares = false;
        _shared.Remove(_thread);
    }

    private void Share()
    {
        if (_shares)
            return;
        _shares = true;
        _shared.Add(_thread);
    }
}
