namespace Vla.Runtime.Hosting;

/// <summary>Ends the run by itself after a set time, as an orderly shutdown would; the time counts from the first
/// action. How long the start may take is <see cref="StartWatch"/>'s business.</summary>
/// <param name="duration">Zero for never.</param>
/// <param name="time">The clock.</param>
/// <param name="end">Ends the run.</param>
internal sealed class RunDuration(TimeSpan duration, TimeProvider time, Action end) : IDisposable
{
    private ITimer? _timer;

    public void Start()
    {
        if (duration > TimeSpan.Zero)
            _timer = time.CreateTimer(_ => end(), null, duration, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer?.Dispose();
}
