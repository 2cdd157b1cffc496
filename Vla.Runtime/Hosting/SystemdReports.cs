using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace Vla.Runtime.Hosting;

/// <summary>Tells systemd that the run is ready, that the control loop still ticks, and that the run ends.</summary>
/// <remarks>
/// Ready means that the first action has been published. systemd's watchdog gives its patience in <c>WATCHDOG_USEC</c>;
/// a sign of life is due in half of that (sd_watchdog_enabled(3)), and there is none once the loop publishes nothing.
/// Outside systemd there is nobody to tell.
/// </remarks>
/// <param name="notifier">Reaches systemd, where it is there.</param>
/// <param name="publishedActions">Counts what the control loop has published.</param>
/// <param name="time">The clock.</param>
internal sealed class SystemdReports(ISystemdNotifier notifier, Func<long> publishedActions, TimeProvider time)
    : IHostedService,
        IDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private ITimer? _timer;
    private long _publishedBefore;
    private bool _ready;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (notifier.IsEnabled)
            _timer = time.CreateTimer(_ => Look(), null, Glance, Glance);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Says that the run ends: systemd waits as long as it does for one that it ends itself, and the watchdog rests.
    /// </summary>
    public void Stopping()
    {
        if (notifier.IsEnabled)
            notifier.Notify(ServiceState.Stopping);
    }

    public void Dispose() => _timer?.Dispose();

    private static TimeSpan? Patience()
    {
        // For a process that systemd has started, and for no child of it that inherits the variables.
        if (
            Environment.GetEnvironmentVariable("WATCHDOG_PID") is { Length: > 0 } id
            && id != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
        )
            return null;
        var text = Environment.GetEnvironmentVariable("WATCHDOG_USEC");
        return long.TryParse(text, CultureInfo.InvariantCulture, out var us) && us > 0
            ? TimeSpan.FromMicroseconds(us)
            : null;
    }

    private void Look()
    {
        var published = publishedActions();
        if (published == _publishedBefore)
            return;
        _publishedBefore = published;
        if (_ready)
        {
            notifier.Notify(new ServiceState("WATCHDOG=1"));
            return;
        }

        _ready = true;
        notifier.Notify(ServiceState.Ready);
        var period = Patience() / 2 ?? Timeout.InfiniteTimeSpan;
        _timer?.Change(period, period);
    }
}
