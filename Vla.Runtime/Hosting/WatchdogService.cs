using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace Vla.Runtime.Hosting;

/// <summary>Tells systemd's watchdog that the control loop still ticks; says nothing once it does not.</summary>
/// <remarks>
/// systemd gives its patience in <c>WATCHDOG_USEC</c>; a sign of life is due in half of that
/// (sd_watchdog_enabled(3)). Without the variable, or outside systemd (no notifier), there is nothing to do.
/// </remarks>
public sealed class WatchdogService(ISystemdNotifier? notifier, Func<long> publishedActions, TimeProvider time) : IHostedService, IDisposable
{
    private ITimer? _timer;
    private long _publishedBefore = -1;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (notifier is not null && Patience() is { } patience)
            _timer = time.CreateTimer(_ => Tell(notifier), null, patience / 2, patience / 2);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private static TimeSpan? Patience()
    {
        var text = Environment.GetEnvironmentVariable("WATCHDOG_USEC");
        return long.TryParse(text, CultureInfo.InvariantCulture, out var us) && us > 0 ? TimeSpan.FromMicroseconds(us) : null;
    }

    private void Tell(ISystemdNotifier systemd)
    {
        var published = publishedActions();
        if (published != _publishedBefore) systemd.Notify(new ServiceState("WATCHDOG=1"));
        _publishedBefore = published;
    }
}
