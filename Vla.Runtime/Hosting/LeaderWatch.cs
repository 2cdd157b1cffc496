using Vla.Actors.Stages;
using Vla.Runtime.Teleoperation;

namespace Vla.Runtime.Hosting;

/// <summary>Says when whoever leads is lost, and when they are back.</summary>
/// <param name="leads">Looked at.</param>
/// <param name="monitor">Told too, for status and page; null where it is a policy's.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is said.</param>
internal sealed partial class LeaderWatch(
    ITeleoperator leads,
    StageMonitor? monitor,
    TimeProvider time,
    ILogger<LeaderWatch> logger
) : IHostedService, IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private ITimer? _timer;
    private string? _said;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Look(), null, LookAgain, LookAgain);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    /// <summary>Looks once. Called by the timer, or by a test.</summary>
    internal void Look()
    {
        var lost = leads.Lost;
        var wasLost = _said is not null;
        if (lost == _said)
            return;
        _said = lost;
        if (lost is null)
        {
            monitor?.Running();
            Log.Back(logger, leads.Name);
        }
        else if (!wasLost)
        {
            monitor?.Failed(lost);
            Log.Lost(logger, lost);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(47, LogLevel.Warning, "{What}")]
        public static partial void Lost(ILogger logger, string what);

        [LoggerMessage(48, LogLevel.Information, "{Name} leads again")]
        public static partial void Back(ILogger logger, string name);
    }
}
