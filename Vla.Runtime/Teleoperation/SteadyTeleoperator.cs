using Vla.Actors.Control;
using Vla.Actors.Scheduling;
using Vla.Runtime.Servos.Arms;
using Vla.Sensors;

namespace Vla.Runtime.Teleoperation;

/// <summary>A teleoperator that tells at a steady rate, on a thread of its own.</summary>
/// <param name="name">As it was given.</param>
/// <param name="time">The clock.</param>
/// <param name="hz">How often it tells, a second.</param>
/// <param name="clock">Waits for its turns.</param>
internal abstract class SteadyTeleoperator(string name, TimeProvider time, double hz, IControlClock? clock = null)
    : ITeleoperator
{
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(1);

    private readonly IControlClock _clock = clock ?? new ControlClock();
    private readonly CancellationTokenSource _told = new();
    private Thread? _thread;

    public string Name => name;

    public virtual string? Lost => null;

    public virtual bool TakesKeys => false;

    public virtual string Help => "";

    /// <summary>The time now, monotonic nanoseconds.</summary>
    protected long NowNs => time.NowNs();

    public virtual void Connect() { }

    public void Start(TeleopFeed feed)
    {
        Begin(feed);
        _thread = new Thread(() => Run(feed)) { Name = "vla-leader", IsBackground = true };
        _thread.Start();
    }

    public virtual void Press(ConsoleKeyInfo key) { }

    public virtual void ResetBegan() { }

    public virtual void EpisodeBegan() { }

    public void Dispose()
    {
        _told.Cancel();
        _thread?.Join(LongestTurn);
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Tells once.</summary>
    /// <param name="feed">To be told what is wanted.</param>
    /// <param name="nowNs">The time, monotonic nanoseconds.</param>
    /// <param name="seconds">Since the turn before.</param>
    internal abstract void Turn(TeleopFeed feed, long nowNs, double seconds);

    /// <summary>Before the first turn.</summary>
    protected virtual void Begin(TeleopFeed feed) { }

    /// <summary>After the last turn.</summary>
    protected virtual void Release() { }

    private void Run(TeleopFeed feed)
    {
        var pace = new TurnPace(_clock, hz);
        var beforeNs = NowNs;
        while (!_told.IsCancellationRequested)
        {
            var nowNs = NowNs;
            Turn(feed, nowNs, (nowNs - beforeNs) / (double)MonotonicTime.NsPerSecond);
            beforeNs = nowNs;
            pace.Wait();
        }
    }
}
