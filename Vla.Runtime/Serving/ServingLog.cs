namespace Vla.Runtime.Serving;

/// <summary>What is logged of clients, whatever they speak.</summary>
internal sealed partial class ServingLog(ILogger logger)
{
    private long _clients;

    /// <summary>A name for a client that has come.</summary>
    public string Name(string protocol, System.Net.IPAddress? address) =>
        $"client {Interlocked.Increment(ref _clients)} ({protocol}, {Http.HttpAddress.Client(address)})";

    public void Came(string client) => Lines.Came(logger, client);

    public void Left(string client, string why, string what) => Lines.Left(logger, client, why, what);

    public void TurnedAway(string client, int most) => Lines.TurnedAway(logger, client, most);

    /// <param name="client">Its name, or its protocol's.</param>
    /// <param name="count">So many so far: of them the first, the second, the fourth… are logged, enough to be seen,
    /// too few to fill a log.</param>
    /// <param name="why">In one line.</param>
    public void Refused(string client, long count, string why)
    {
        if ((count & (count - 1)) == 0)
            Lines.Refused(logger, client, count, why);
    }

    private static partial class Lines
    {
        [LoggerMessage(120, LogLevel.Information, "{Client} came")]
        public static partial void Came(ILogger logger, string client);

        [LoggerMessage(121, LogLevel.Information, "{Client} left ({Why}): {What}")]
        public static partial void Left(ILogger logger, string client, string why, string what);

        [LoggerMessage(122, LogLevel.Warning, "{Client} was refused {Count} observations so far: {Why}")]
        public static partial void Refused(ILogger logger, string client, long count, string why);

        [LoggerMessage(123, LogLevel.Warning, "{Client} was turned away: all {Most} places are taken")]
        public static partial void TurnedAway(ILogger logger, string client, int most);
    }
}
