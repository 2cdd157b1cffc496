using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Checkpoints;
using Vla.Actors.Scheduling;
using Vla.Actors.Torch;

namespace Vla.Actors.Stages;

/// <summary>The life of an actor that runs a Torch module: load after start, fail, wait, load again.</summary>
/// <remarks>
/// <para>
/// The module is made by a message that the actor sends itself, on its own thread (an exception in a
/// constructor would mean stop, not restart). After a failure the supervisor restarts the actor in place: its
/// reference, mailbox and thread stay, so neighbours notice nothing, and the new instance waits
/// (<see cref="StageMonitor"/>) before it loads. Messages that arrive meanwhile are kept by the subclass.
/// </para>
/// <para>
/// Receives are synchronous: after an <c>await</c> a pinned actor would go on on the thread pool, where neither
/// inference mode nor the dispose scope, both thread-local, would be in force.
/// </para>
/// </remarks>
public abstract partial class TorchActor(StageSetup setup) : UntypedActor, IWithTimers
{
    private ActorPlace? _place;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>What it was made with.</summary>
    protected StageSetup Setup { get; } = setup;

    /// <summary>Whether its weights are there.</summary>
    protected bool IsLoaded { get; private set; }

    /// <summary>Where this actor's work is done; there from its first message on.</summary>
    private protected ActorPlace WorkPlace => _place ??= Setup.Scheduling.Join(Context.Dispatcher, ThreadUse);

    /// <summary>What this actor makes of its thread.</summary>
    private protected virtual ThreadUse ThreadUse => ThreadUse.Own;

    /// <summary>Makes the module. Runs on the stage's own thread; may throw, and is then tried again later.</summary>
    protected abstract void Load();

    /// <summary>The module is there: go on with what was kept.</summary>
    protected abstract void OnLoaded();

    /// <summary>Disposes the module and every message or tensor that is kept.</summary>
    protected abstract void Release();

    /// <summary>A message of the protocol.</summary>
    protected abstract void Handle(object message);

    /// <inheritdoc/>
    protected override void PreStart() => Self.Tell(LoadNow.Instance);

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        Setup.Monitor.Failed(ErrorText.Reason(reason.Message));
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        var delay = Setup.Monitor.Restarting();
        Log.Restarting(
            Setup.Logger,
            Setup.Monitor.Name,
            (long)delay.TotalMilliseconds,
            ErrorText.Reason(reason.Message)
        );
        Log.Details(Setup.Logger, Setup.Monitor.Name, reason);
        Timers.StartSingleTimer(LoadNow.Instance, LoadNow.Instance, delay);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _place?.Leave();
        Release();
    }

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message)
    {
        if (message is not LoadNow)
        {
            Handle(message);
            return;
        }

        TorchThreads.Use(Setup.Threads);
        // The module stays: its weights must not go with what the next input leaves behind.
        ThreadScope.Leave();
        Setup.Monitor.Begin(StageMonitor.Load);
        try
        {
            Load();
        }
        finally
        {
            Setup.Monitor.End();
        }

        IsLoaded = true;
        Setup.Monitor.Running();
        OnLoaded();
    }

    private sealed class LoadNow : INoSerializationVerificationNeeded
    {
        public static readonly LoadNow Instance = new();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Stage} failed and is loaded again in {DelayMs} ms: {Reason}")]
        public static partial void Restarting(ILogger logger, string stage, long delayMs, string reason);

        [LoggerMessage(2, LogLevel.Debug, "{Stage} failed")]
        public static partial void Details(ILogger logger, string stage, Exception details);
    }
}

/// <summary>What every stage is given.</summary>
/// <param name="Monitor">Outlives restarts; shown in status.</param>
/// <param name="Time">The clock of every stamp.</param>
/// <param name="Threads">Threads that work on one input of this stage; all stages' together should not
/// exceed the cores.</param>
/// <param name="Logger">Where restarts are said.</param>
public sealed record StageSetup(StageMonitor Monitor, TimeProvider Time, int Threads, ILogger Logger)
{
    /// <summary>What runs where.</summary>
    public StageScheduling Scheduling { get; init; } = StageScheduling.Plain;
}
