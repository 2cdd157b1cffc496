namespace Vla.Runtime.Hosting;

/// <summary>Ends the run by itself after a set time, as an orderly shutdown would.</summary>
public sealed class DurationService(TimeSpan duration, TimeProvider time, IHostApplicationLifetime lifetime) : IHostedService, IDisposable
{
    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (duration > TimeSpan.Zero)
            _timer = time.CreateTimer(_ => lifetime.StopApplication(), null, duration, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();
}
