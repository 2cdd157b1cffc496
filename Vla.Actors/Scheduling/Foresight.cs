using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Sensors;

namespace Vla.Actors.Scheduling;

/// <summary>Lets a stage begin with its next result when the demand for it is sure to come, and keeps the result until then.</summary>
/// <remarks>
/// <para>
/// Between giving a result and hearing the next demand lie two wake-ups of sleeping threads, some 0.2 ms in which a stage
/// does nothing. Demand says when its sender expects to begin with the result (<see cref="Ready.ExpectedNs"/>), which is
/// when it will ask again. If that is now, or sooner than matters to the result's age, the stage goes on.
/// </para>
/// <para>
/// Only for stages that mostly wait, for a GPU say. One that computes needs its core, and those who take its result may run
/// on its thread (<see cref="HomeThread"/>): the pause is when they do.
/// </para>
/// </remarks>
internal sealed class Foresight(StageSetup setup) : IDisposable
{
    /// <summary>A shorter piece of work is done before it would have been asked for.</summary>
    private const long WorthwhileNs = 500 * MonotonicTime.NsPerUs;

    /// <summary>A result may get older by this share of the time it takes: as much as expectations are usually off.</summary>
    private const int MarginShare = 10;

    /// <summary>A thread that has a core for less than this share of the time waits.</summary>
    private const int ComputingShare = 4;

    private long _beganNs;
    private long? _beganThreadNs;
    private long _tookNs;
    private (object Result, long SinceNs)? _kept;

    /// <summary>Whether the last piece of work was mostly waiting.</summary>
    public bool Waits { get; private set; }

    private long NowNs => setup.Time.NowNs();

    /// <summary>A piece of work begins.</summary>
    public void Begin(long nowNs) => (_beganNs, _beganThreadNs) = (nowNs, setup.ThreadTimeNs());

    /// <summary>It has ended.</summary>
    public void End(long nowNs)
    {
        _tookNs = nowNs - _beganNs;
        Waits = setup.ThreadTimeNs() - _beganThreadNs < _tookNs / ComputingShare;
    }

    /// <summary>Whether the demand that will follow on <paramref name="answered"/> may be worked for already.</summary>
    public bool MayBegin(Ready answered) =>
        answered.Ahead && Waits && _tookNs >= WorthwhileNs && answered.ExpectedNs - NowNs <= _tookNs / MarginShare;

    /// <summary>Demand for the input after the one that work begins with now.</summary>
    /// <param name="demand">What it is done for. The next input is begun with when it is done and asked for again.</param>
    public Ready Next(Ready demand) =>
        _tookNs < WorthwhileNs ? demand : new Ready(demand.Ahead) { ExpectedNs = Math.Max(NowNs + _tookNs, demand.ExpectedNs) };

    /// <summary>Keeps a result that has not been asked for.</summary>
    public void Keep(object result) => _kept = (result, NowNs);

    /// <summary>Gives the result that was kept, or null. One that is older than one made anew would be is let go.</summary>
    public object? TakeKept()
    {
        if (_kept is not { } kept) return null;
        if (NowNs - kept.SinceNs > _tookNs)
        {
            Dispose();
            return null;
        }

        _kept = null;
        return kept.Result;
    }

    public void Dispose()
    {
        (_kept?.Result as IDisposable)?.Dispose();
        _kept = null;
    }
}
