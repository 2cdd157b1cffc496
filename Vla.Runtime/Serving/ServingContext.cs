using System.Globalization;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Http;

namespace Vla.Runtime.Serving;

/// <summary>What an endpoint serves with: the policies, which all endpoints share, and its own address.</summary>
internal sealed record ServingContext
{
    public required ServedProtocol Protocol { get; init; }

    /// <summary>Where to listen.</summary>
    public required Uri Address { get; init; }

    /// <summary>Who must be shown; null for nobody, on loopback only.</summary>
    public HttpToken? Token { get; init; }

    /// <summary>Speaks TLS; null for none.</summary>
    public ServerCertificate? Certificate { get; init; }

    public required IPolicy Policy { get; init; }

    /// <summary>What the parts of observations are called.</summary>
    public required WireLayout Layout { get; init; }

    /// <summary>For an observation without words; empty for none.</summary>
    public required string UsualWords { get; init; }

    /// <summary>What works for clients.</summary>
    public required PolicyPool Pool { get; init; }

    /// <summary>What each client may send.</summary>
    public required SessionLimits Limits { get; init; }

    /// <summary>Counts and times.</summary>
    public required ServingMetrics Metrics { get; init; }

    public required ServingLog Log { get; init; }

    /// <summary>Why the policy can be asked no more; null while it can.</summary>
    public required Func<string?> Problem { get; init; }

    /// <summary>Registers log and metrics with a web server.</summary>
    public required Action<WebApplicationBuilder> Configure { get; init; }

    /// <summary>Maps what is there besides the protocol: metrics.</summary>
    public required Action<WebApplication> Map { get; init; }

    /// <summary>What is said to somebody who finds no place.</summary>
    public string NoPlace => $"all {Pool.Most} places are taken: come again later, or serve more (--clients)";

    /// <summary>What is said to somebody who asks so fast that an answer would come too late.</summary>
    public string TooFast =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"more than {Limits.RequestsPerSecond:0.###} requests a second came from you: ask more slowly"
        );

    /// <summary>Clients whose pace is kept, where they are known by address or name.</summary>
    private const int MostPaces = 256;

    /// <summary>Longest reason that a client is told.</summary>
    public const int LongestReason = 2_000;

    /// <summary>Finds in messages what the policy wants.</summary>
    public ObservationReader Reader() => new(Policy, Protocol.Reading(Layout), UsualWords);

    /// <summary>How fast each client of an endpoint asks.</summary>
    public RecentClients<RequestPace> Paces() =>
        new(MostPaces, _ => new RequestPace(Limits.RequestsPerSecond, TimeProvider.System));

    /// <summary>Waits until it is a client's turn to be looked at again.</summary>
    /// <returns>False where that would be so late that whoever asks is told instead (<see cref="TooFast"/>).</returns>
    public async Task<bool> PaceAsync(RequestPace pace, CancellationToken ends)
    {
        if (pace.Next(Limits.LongestWait) is not { } wait)
            return false;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, ends);
        return true;
    }

    /// <summary>For answers of single actions: as many of each chunk as the layout, or else the policy, says.</summary>
    public ActionQueue Queue() => new(Layout.Execute ?? Policy.Action.Execution.Execute ?? 1, Policy.Action.Dimensions);

    /// <summary>Counts and times how an observation is answered.</summary>
    public Task<T> MeasureAsync<T>(Func<Task<T>> answer) => Metrics.MeasureAsync(Protocol.Name, answer);

    /// <summary>The same of an answer that was written already.</summary>
    public Task MeasureAsync(Func<Task> answer) =>
        MeasureAsync(async () =>
        {
            await answer();
            return true;
        });
}
