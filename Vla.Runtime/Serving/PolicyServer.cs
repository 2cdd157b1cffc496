using System.Net.WebSockets;
using Akka.Actor;
using Microsoft.AspNetCore.Connections;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Composition;
using Vla.Runtime.Http;
using Vla.Sensors.Text;
using static TorchSharp.torch;

namespace Vla.Runtime.Serving;

/// <summary>Serves a policy to other programs: openpi's protocol on any path, and <c>GET /healthz</c>.</summary>
public sealed partial class PolicyServer : IAsyncDisposable
{
    private const string Health = "/healthz";

    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly ActorSystem _system;
    private readonly PolicyPool _pool;
    private readonly PolicyServerOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ends = new();
    private readonly TaskCompletionSource<string> _hung = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _clients;

    /// <exception cref="PolicyException">Policy and layout do not go together.</exception>
    /// <exception cref="UsageException">Others could reach the address, and there is no token.</exception>
    public PolicyServer(PolicyServerOptions options)
    {
        _options = options;
        var builder = WebServer.Builder(options.Address, options.Token);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IHostLifetime, Hosting.HostLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopBound);
        options.Log(builder.Logging);
        _app = builder.Build();
        var loggers = _app.Services.GetRequiredService<ILoggerFactory>();
        _logger = loggers.CreateLogger<PolicyServer>();
        // What does not fit is known now, not when the first client comes.
        using (var reader = new ObservationReader(options.Policy, options.Layout, options.UsualWords))
            Remarks = [.. reader.Remarks()];
        _system = QuietActors.Create("vla-serve");
        _pool = new PolicyPool(
            options.MostClients,
            () =>
                new ServedPolicy(
                    _system,
                    options.Policy,
                    options.Device,
                    new ObservationReader(options.Policy, options.Layout, options.UsualWords),
                    loggers,
                    hang => _hung.TrySetResult(hang)
                )
        );
        _pool.GiveBack(_pool.TryTake()!);

        _app.UseWebSockets(
            new WebSocketOptions
            {
                KeepAliveInterval = TimeSpan.FromSeconds(20),
                KeepAliveTimeout = TimeSpan.FromSeconds(20),
            }
        );
        WebServer.UseGuards(_app);
        _app.MapGet(Health, Healthy).WithMetadata(new TokenRequired.NotNeeded());
        _app.Map("/{**path}", ServeAsync);
    }

    /// <summary>Where each of the policy's pictures and numbers is looked for.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>Done when a stage hangs for good, with which and at what.</summary>
    public Task<string> Hung => _hung.Task;

    /// <summary>Where it listens, once it does.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>Those who are connected.</summary>
    public int Clients => _pool.Taken;

    /// <exception cref="IOException">It cannot listen there.</exception>
    public Task StartAsync() => _app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        using (var limit = new CancellationTokenSource(StopBound))
            await _app.StopAsync(limit.Token);
        _pool.Dispose();
        await Task.WhenAny(_system.Terminate(), Task.Delay(StopBound));
        await _app.DisposeAsync();
    }

    /// <summary>As openpi's own server answers.</summary>
    private IResult Healthy()
    {
        var broken = _pool.All.SelectMany(policy => policy.Stages).FirstOrDefault(stage => stage.Hang is not null);
        return broken is null
            ? Results.Text("OK\n")
            : HttpApi.Problem(StatusCodes.Status503ServiceUnavailable, $"the {broken.Name} hangs {broken.Hang}");
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await HttpApi
                .Problem(
                    StatusCodes.Status426UpgradeRequired,
                    "this serves a policy by openpi's protocol: open a WebSocket here, or GET /healthz"
                )
                .ExecuteAsync(context);
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(_ends.Token, context.RequestAborted);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var client =
            $"client {Interlocked.Increment(ref _clients)} ({HttpAddress.Client(context.Connection.RemoteIpAddress)})";
        var errors = 0L;
        var session = new OpenPiSession(socket, _options.Limits, TimeProvider.System)
        {
            Refusing = why =>
            {
                // The first, the second, the fourth…: enough to be seen, too few to fill a log.
                if ((++errors & (errors - 1)) == 0)
                    Log.Refused(_logger, client, errors, OneLine.Of(why));
            },
        };
        var policy = _pool.TryTake();
        try
        {
            if (policy is null)
            {
                Log.TurnedAway(_logger, client, _pool.Most);
                await session.TurnAwayAsync(
                    $"all {_pool.Most} places are taken: come again later, or serve more (--clients)",
                    ends.Token
                );
                return;
            }

            Log.Came(_logger, client);
            var why = await session.RunAsync(policy, ends.Token);
            Log.Left(_logger, client, why, $"{session}");
        }
        catch (Exception e)
            when (e is WebSocketException or OperationCanceledException or IOException or ConnectionAbortedException)
        {
            var why = _ends.IsCancellationRequested ? "the server ends" : "gone";
            Log.Left(_logger, client, why, $"{session}");
            if (_ends.IsCancellationRequested)
                socket.Abort();
        }
        finally
        {
            if (policy is not null)
                _pool.GiveBack(policy);
        }
    }

    private static partial class Log
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

/// <summary>What is served, where and to how many.</summary>
public sealed record PolicyServerOptions
{
    /// <summary>Clients at a time, where nothing is said.</summary>
    public const int UsualClients = 4;

    public required IPolicy Policy { get; init; }

    /// <summary>Where it computes.</summary>
    public required Device Device { get; init; }

    /// <summary>Where it listens.</summary>
    public required Uri Address { get; init; }

    /// <summary>Who must be shown; null for nobody, on loopback only.</summary>
    public HttpToken? Token { get; init; }

    /// <summary>What the parts of observations are called.</summary>
    public WireLayout Layout { get; init; } = WirePresets.Features;

    /// <summary>For an observation without words; empty for none.</summary>
    public string UsualWords { get; init; } = "";

    /// <summary>Clients at a time, each with a policy of its own.</summary>
    public int MostClients { get; init; } = UsualClients;

    /// <summary>What each may send.</summary>
    public SessionLimits Limits { get; init; } = new();

    /// <summary>Where log lines go.</summary>
    public Action<ILoggingBuilder> Log { get; init; } = _ => { };
}
