using Akka.Actor;
using TorchSharp;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Composition;
using Vla.Runtime.Http;
using static TorchSharp.torch;

namespace Vla.Runtime.Serving;

/// <summary>
/// Serves a policy to other programs, by one protocol or several, each at its address and all with the same places.
/// </summary>
internal sealed class PolicyServer : IAsyncDisposable
{
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(5);

    private readonly ILoggerFactory _loggers;
    private readonly ActorSystem _system;
    private readonly BatchedPolicy? _batched;
    private readonly PolicyPool _pool;
    private readonly ServingMetrics _metrics;
    private readonly List<PolicyEndpoint> _endpoints = [];
    private readonly HealthEndpoint? _health;
    private readonly TaskCompletionSource<string> _hung = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="PolicyException">Policy and layout do not go together.</exception>
    /// <exception cref="UsageException">Others could reach an address, and there is no token.</exception>
    public PolicyServer(PolicyServerOptions options)
    {
        _loggers = LoggerFactory.Create(options.Log);
        // What does not fit is known now, not when the first client comes.
        var remarks = new List<string>();
        foreach (var place in options.Places)
        {
            using var reader = new ObservationReader(
                options.Policy,
                place.Protocol.Reading(place.Layout),
                options.UsualWords
            );
            remarks.AddRange(
                reader.Remarks().Select(line => options.Places.Count > 1 ? $"{place.Protocol.Name}: {line}" : line)
            );
        }

        Remarks = remarks;
        _system = QuietActors.Create("vla-serve");
        // On a CPU, policies of their own work on cores of their own.
        LargestBatch = options.Policy is IBatchedPolicy { CanBatch: true }
            ? options.LargestBatch ?? (options.Device.type == DeviceType.CPU ? 1 : PolicyServerOptions.UsualBatch)
            : 1;
        if (LargestBatch > 1)
            _batched = new BatchedPolicy(
                _system,
                (IBatchedPolicy)options.Policy,
                options.Device,
                LargestBatch,
                _loggers,
                Hang
            );
        _pool = new PolicyPool(
            options.MostClients,
            () => _batched?.Seat() ?? ServedPolicy.Alone(_system, options.Policy, options.Device, _loggers, Hang)
        );
        _metrics = new ServingMetrics(() => _pool.Taken);
        _pool.GiveBack(_pool.TryTake()!);
        var log = new ServingLog(_loggers.CreateLogger<PolicyServer>());
        var isFirst = true;
        foreach (var place in options.Places)
            _endpoints.Add(place.Protocol.Create(At(place)));
        if (options.Health is { } health)
            _health = new HealthEndpoint(At(options.Places[0] with { Address = health }));

        ServingContext At(ServedPlace place) =>
            new()
            {
                Protocol = place.Protocol,
                Address = place.Address,
                Token = options.Token,
                Certificate = place.Address.Scheme == Uri.UriSchemeHttps ? options.Certificate : null,
                Policy = options.Policy,
                Layout = place.Layout,
                UsualWords = options.UsualWords,
                Pool = _pool,
                Limits = options.Limits,
                Metrics = _metrics,
                Log = log,
                Problem = Problem,
                Configure = builder =>
                {
                    options.Log(builder.Logging);
                    options.Configure(builder, Interlocked.Exchange(ref isFirst, false));
                },
                Map = options.Map,
            };
    }

    /// <summary>Where each of the policy's pictures and numbers is looked for.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>So many observations that wait at the same time are computed together at most; 1 for none.</summary>
    public int LargestBatch { get; }

    /// <summary>Done when a stage hangs for good, with which and at what.</summary>
    public Task<string> Hung => _hung.Task;

    /// <summary>Where it listens, once it does, in the order of <see cref="PolicyServerOptions.Places"/>.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _endpoints.Select(endpoint => endpoint.Address)];

    /// <summary>Where the first protocol is.</summary>
    public Uri Address => _endpoints[0].Address;

    /// <summary>Where it is asked how it is, besides the protocols' own addresses; null for nowhere.</summary>
    public Uri? Health => _health?.Address;

    /// <summary>What is counted and timed.</summary>
    internal ServingMetrics Metrics => _metrics;

    /// <summary>Policies at work for somebody.</summary>
    public int Clients => _pool.Taken;

    /// <exception cref="IOException">It cannot listen at one of the addresses.</exception>
    public async Task StartAsync()
    {
        foreach (var endpoint in All)
            await endpoint.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(All.Select(endpoint => endpoint.DisposeAsync().AsTask()));
        _pool.Dispose();
        _batched?.Dispose();
        await Task.WhenAny(_system.Terminate(), Task.Delay(StopBound));
        _metrics.Dispose();
        _loggers.Dispose();
    }

    private void Hang(string what) => _hung.TrySetResult(what);

    private IEnumerable<PolicyEndpoint> All => _health is null ? _endpoints : [.. _endpoints, _health];

    private string? Problem()
    {
        var broken = _pool.All.SelectMany(policy => policy.Stages).FirstOrDefault(stage => stage.Hang is not null);
        return broken is null ? null : $"the {broken.Name} hangs {broken.Hang}";
    }
}

/// <summary>What is served, where and to how many.</summary>
internal sealed record PolicyServerOptions
{
    /// <summary>Clients at a time, where nothing is said.</summary>
    public const int UsualClients = 4;

    /// <summary>Observations at once on a GPU, likewise.</summary>
    public const int UsualBatch = 8;

    public required IPolicy Policy { get; init; }

    /// <summary>Where it computes.</summary>
    public required Device Device { get; init; }

    /// <summary>By what, and where.</summary>
    public required IReadOnlyList<ServedPlace> Places { get; init; }

    /// <summary>Where it is asked how the server is, besides the addresses over HTTP; null for nowhere.</summary>
    public Uri? Health { get; init; }

    /// <summary>Who must be shown; null for nobody, on loopback only.</summary>
    public HttpToken? Token { get; init; }

    /// <summary>Speaks TLS at addresses of https; null for none.</summary>
    public ServerCertificate? Certificate { get; init; }

    /// <summary>For an observation without words; empty for none.</summary>
    public string UsualWords { get; init; } = "";

    /// <summary>Clients at a time, each with a policy of its own or all with one.</summary>
    public int MostClients { get; init; } = UsualClients;

    /// <summary>Observations that are computed together at most, by a policy that can; 1 for none, null for as many
    /// as is usual on the device.</summary>
    public int? LargestBatch { get; init; }

    /// <summary>What each may send.</summary>
    public SessionLimits Limits { get; init; } = new();

    /// <summary>Where log lines go.</summary>
    public Action<ILoggingBuilder> Log { get; init; } = _ => { };

    /// <summary>Registers what measures and exports, told whether it is the first of the web servers.</summary>
    public Action<WebApplicationBuilder, bool> Configure { get; init; } = (_, _) => { };

    /// <summary>Maps where metrics are fetched.</summary>
    public Action<WebApplication> Map { get; init; } = _ => { };
}

/// <summary>One protocol, where it is spoken, and what the parts of observations are called there.</summary>
internal sealed record ServedPlace(ServedProtocol Protocol, Uri Address, WireLayout Layout);
