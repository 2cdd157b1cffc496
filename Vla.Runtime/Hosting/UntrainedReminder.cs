namespace Vla.Runtime.Hosting;

/// <summary>Says in the log, at the start and again and again, that the policy is not trained.</summary>
/// <param name="policy">Its directory.</param>
/// <param name="why">How that is known.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is said.</param>
internal sealed partial class UntrainedReminder(
    string policy,
    string why,
    TimeProvider time,
    ILogger<UntrainedReminder> logger
) : BackgroundService
{
    /// <summary>Whoever looks at the log of a run finds it there, wherever they look.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Log.Untrained(logger, policy, why);
        using var timer = new PeriodicTimer(Again, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Log.Untrained(logger, policy, why);
        }
        catch (OperationCanceledException)
        {
            // The run ends.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(90, LogLevel.Warning, "the policy {Policy} is untrained, its actions mean nothing: {Why}")]
        public static partial void Untrained(ILogger logger, string policy, string why);
    }
}
