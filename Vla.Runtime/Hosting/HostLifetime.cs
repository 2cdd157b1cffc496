namespace Vla.Runtime.Hosting;

/// <summary>
/// In place of .NET's own, which would take signals itself: the program takes them (<see cref="TerminationSignals"/>).
/// </summary>
internal sealed class HostLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
