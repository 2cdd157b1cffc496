using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Runtime.Hosting;
using Vla.Runtime.Http;
using Vla.Runtime.Pages;
using Vla.Runtime.Status;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Http;

/// <summary>The real web server on a port of its own, before a control loop that ticks when the test says so.</summary>
internal sealed class ApiRig : IAsyncDisposable
{
    public const string Token = "a-token-of-the-test-0123";

    private readonly List<HttpClient> _clients = [];
    private readonly Lock _ticks = new();
    private readonly WebApplication _app;

    private readonly ActorSystem? _actors;

    private ApiRig(bool withToken, InstructionCheck? check)
    {
        if (check is not null)
            _actors = ActorSystem.Create("rig", "akka.loglevel = OFF\nakka.stdout-loglevel = OFF");
        var instructions =
            _actors?.ActorOf(InstructionActor.Props(Instructions, check!, NullLogger.Instance)) ?? ActorRefs.Nobody;
        Control = new ControlLoop(Make.Profile(), new ControlOptions(), [Robot], Clock);
        var builder = WebServer.Builder(new Uri("http://127.0.0.1:0"), withToken ? HttpToken.Read(Token, "") : null);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton(Control);
        builder.Services.AddSingleton<StatusSource>(_ => throw new NotSupportedException("no pipeline here"));
        builder.Services.AddSingleton<PictureStudios>(_ => throw new NotSupportedException("no camera here"));
        builder.Services.AddSingleton<IRequiredActor<InstructionActor>>(new TheActor(instructions));
        builder.Services.AddSingleton(provider => new OperatorInput(
            Control,
            provider.GetRequiredService<IRequiredActor<InstructionActor>>(),
            null,
            () => { }
        ));
        _app = builder.Build();
        _app.Use(TickUntilAnswered);
        WebServer.UseGuards(_app);
        HttpApi.Map(_app);
        CameraEndpoints.Map(_app);
    }

    public FakeTimeProvider Time { get; } = new();

    public ManualClock Clock { get; } = new();

    public FakeRobot Robot { get; } = new();

    public ControlLoop Control { get; }

    public InstructionBoard Instructions { get; } = new(TimeProvider.System);

    public IServiceProvider Services => _app.Services;

    public Uri Address =>
        new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <param name="withToken">Whether <see cref="Token"/> is in force.</param>
    /// <param name="check">What is asked of instructions; without one nobody takes any.</param>
    public static async Task<ApiRig> StartAsync(bool withToken, InstructionCheck? check = null)
    {
        var rig = new ApiRig(withToken, check);
        await rig._app.StartAsync();
        return rig;
    }

    /// <summary>A client with a cookie jar; it follows no redirect.</summary>
    /// <param name="token">The bearer token it shows; null for none.</param>
    /// <param name="from">The loopback address it comes from.</param>
    public HttpClient Client(string? token = null, string from = "127.0.0.1")
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                {
                    NoDelay = true,
                };
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { BaseAddress = Address };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _clients.Add(client);
        return client;
    }

    /// <summary>False: a request for a stop finds a control loop that does not tick.</summary>
    public bool TicksForOperators { get; set; } = true;

    /// <summary>
    /// Why <c>/healthz</c> is unhappy with the control loop, as if it had just published; null when it is not.
    /// </summary>
    public string? Problem() => HttpApi.WhyUnwell(Control.Snapshot(), silentFor: TimeSpan.Zero);

    public void Tick()
    {
        lock (_ticks)
        {
            Clock.Advance(20);
            Control.Tick(Clock.NowNs);
        }
    }

    /// <summary>A stop is answered when a tick has published it: while one is asked for, the loop ticks.</summary>
    private async Task TickUntilAnswered(HttpContext context, RequestDelegate next)
    {
        // Before the answer is under way: a request must not be read by two threads.
        var waits = context.Request.Path.Value is "/stop" or "/resume";
        var answered = next(context);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (TicksForOperators && waits && !answered.IsCompleted)
        {
            Tick();
            await Task.WhenAny(answered, look.WaitForNextTickAsync().AsTask());
        }

        await answered;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        Control.Dispose();
        if (_actors is not null)
            await _actors.Terminate();
    }

    private sealed class TheActor(IActorRef actor) : IRequiredActor<InstructionActor>
    {
        public IActorRef ActorRef => actor;

        public Task<IActorRef> GetAsync(CancellationToken cancellationToken = default) => Task.FromResult(ActorRef);
    }
}
