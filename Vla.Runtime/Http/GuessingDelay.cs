using System.Net;

namespace Vla.Runtime.Http;

/// <summary>Makes guessing slow: whoever showed a wrong token waits for the answer, each time twice as long.</summary>
/// <remarks>
/// Counted by client, for the <see cref="MaximumClients"/> that were wrong last. Waiting takes no thread, and few may
/// wait at a time: more of them are answered at once, so they use up nothing that others need. A right token never
/// comes here: whoever shares an address with a guesser can still stop the robot.
/// </remarks>
internal sealed class GuessingDelay(TimeProvider time)
{
    /// <summary>How long the first wrong token waits.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(16);

    /// <summary>A client that showed no wrong token for so long starts anew.</summary>
    public static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(10);

    /// <summary>How many clients are remembered.</summary>
    public const int MaximumClients = 1024;

    /// <summary>How many requests of one client may wait at a time.</summary>
    public const int MaximumWaitingOfOne = 2;

    /// <summary>How many requests may wait at a time.</summary>
    public const int MaximumWaiting = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Guesser> _guessers = [];
    private int _waiting;

    /// <summary>Clients that are remembered now.</summary>
    public int Clients
    {
        get
        {
            lock (_lock)
                return _guessers.Count;
        }
    }

    /// <summary>Counts a wrong token and waits.</summary>
    /// <param name="client">Where it came from.</param>
    /// <param name="cancellation">The client has gone.</param>
    /// <returns>How many of its tokens were wrong; 0 when it did not wait, since too many do already.</returns>
    public async Task<int> WaitAsync(IPAddress client, CancellationToken cancellation)
    {
        Guesser guesser;
        int wrong;
        lock (_lock)
        {
            guesser = Find(HttpAddress.Client(client));
            if (guesser.Waiting == MaximumWaitingOfOne || _waiting == MaximumWaiting)
                return 0;
            wrong = ++guesser.Wrong;
            guesser.Waiting++;
            _waiting++;
        }

        try
        {
            await Task.Delay(Delay(wrong), time, cancellation);
        }
        finally
        {
            lock (_lock)
            {
                guesser.Waiting--;
                _waiting--;
            }
        }

        return wrong;
    }

    /// <summary>How long the nth wrong token waits.</summary>
    public static TimeSpan Delay(int wrong)
    {
        var delay = FirstDelay * Math.Pow(2, Math.Min(wrong, 30) - 1);
        return delay < LongestDelay ? delay : LongestDelay;
    }

    private Guesser Find(IPAddress client)
    {
        var now = time.GetTimestamp();
        if (_guessers.TryGetValue(client, out var guesser))
        {
            if (guesser.Waiting == 0 && time.GetElapsedTime(guesser.LastAt, now) > ForgetAfter)
                guesser.Wrong = 0;
        }
        else
        {
            if (_guessers.Count == MaximumClients)
                _guessers.Remove(_guessers.Where(pair => pair.Value.Waiting == 0).MinBy(pair => pair.Value.LastAt).Key);
            _guessers.Add(client, guesser = new Guesser());
        }

        guesser.LastAt = now;
        return guesser;
    }

    private sealed class Guesser
    {
        public int Wrong { get; set; }

        public int Waiting { get; set; }

        public long LastAt { get; set; }
    }
}
