using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Actors.Wiring;
using Vla.Runtime.Outputs;
using Vla.Runtime.Status;
using Vla.Sensors;

namespace Vla.Runtime.Pages;

/// <summary>Takes what the page shows from the running parts, at a person's pace, once for all viewers.</summary>
/// <remarks>
/// While nobody watches, only the action is sampled, so that its last 30 s are there for whoever comes.
/// </remarks>
internal sealed partial class LiveView(
    PipelineParts parts,
    RobotProfile profile,
    StatusSource status,
    InstructionHistory instructions,
    ILogger<LiveView> logger
) : IHostedService, IDisposable
{
    private const int TicksASecond = 5;
    private const int LatencyBinCount = 40;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1) / TicksASecond;

    private readonly Lock _turn = new();
    private readonly ActionHistory _history = new(profile);
    private readonly ClampMarks _clamps = new(profile.Dimensions.Count);
    private ITimer? _timer;
    private long _ticks;
    private volatile LiveSnapshot? _now;

    /// <summary>Said after each new snapshot, on a thread of the pool, while somebody watches.</summary>
    public event Action? Changed;

    public RobotProfile Profile => profile;

    /// <summary>The newest snapshot; for the first viewer, one that is taken now.</summary>
    public LiveSnapshot Now
    {
        get
        {
            lock (_turn)
                return _now ??= Take(null);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = parts.Time.CreateTimer(_ => Tick(), null, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    /// <summary>Takes a snapshot if somebody watches. Called by the timer, or by a test.</summary>
    internal void Tick()
    {
        // A tick that comes while the last one is still at work is left out.
        if (!_turn.TryEnter())
            return;
        try
        {
            _history.Sample(parts.Control.Last, parts.Time.NowNs());
            if (Changed is null)
            {
                _now = null;
                return;
            }

            var slow = _now?.Slow;
            _now = Take(_ticks++ % TicksASecond == 0 ? null : slow);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Thrown out of a timer, it would end the process; what cannot be shown must not stop the robot.
            Log.Failed(logger, exception.Message);
            return;
        }
        finally
        {
            _turn.Exit();
        }

        Changed?.Invoke();
    }

    private LiveSnapshot Take(SlowSnapshot? slow)
    {
        var nowNs = parts.Time.NowNs();
        foreach (var stage in parts.Monitors.Stages)
            stage.Features.Watch(nowNs);
        var control = parts.Control.Snapshot();
        return new LiveSnapshot
        {
            State = control.State,
            Reason = control.Reason,
            NotStopped = StatusSource.NotStopped(control),
            Values = control.Last?.Values,
            Unknown = control.Last?.Unknown ?? 0,
            Age = ActionAge.Words(control.Last),
            Clamped = _clamps.Look(control.Clamps, nowNs),
            Lines = _history.Paths(nowNs),
            Ranges = [.. profile.Dimensions.Select((_, i) => _history.Range(i))],
            Instructions = instructions.NewestFirst,
            Slow = slow ?? TakeSlow(control, nowNs),
        };
    }

    private SlowSnapshot TakeSlow(ControlSnapshot control, long nowNs) =>
        new()
        {
            Status = status.Read(),
            Notes = [.. status.Notes(control)],
            Flow = status.Flow(control),
            FirstAction = parts.Control.Latencies.NewestFirstAction,
            CaptureToPublish = parts.Control.Latencies.CaptureToPublish.ReadBins(nowNs, LatencyBinCount),
            TickLateness = parts.Control.TickLateness.ReadBins(nowNs, LatencyBinCount),
            Features =
            [
                .. parts
                    .Monitors.Steps.Where(step => step.Step.Features is not null)
                    .Select(step => new StageFeatures(step.Step.Features!, step.Monitor.Features.Newest)),
            ],
            Steps = [.. parts.Monitors.Steps.Select(step => step.Step)],
        };

    private static partial class Log
    {
        [LoggerMessage(71, LogLevel.Error, "the page cannot be brought up to date: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
