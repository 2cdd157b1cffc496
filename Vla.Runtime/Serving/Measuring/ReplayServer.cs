using System.Net.WebSockets;
using NetMQ;
using NetMQ.Sockets;
using Vla.Runtime.Http;

namespace Vla.Runtime.Serving.Measuring;

/// <summary>A server that says the same whatever it is asked: what the wire alone takes.</summary>
internal abstract class ReplayServer : IAsyncDisposable
{
    /// <summary>At this machine's loopback address.</summary>
    public abstract int Port { get; }

    /// <param name="protocol">Its name.</param>
    /// <param name="greeting">What is said first, or of itself.</param>
    /// <param name="answer">What is said to each question.</param>
    public static async Task<ReplayServer> StartAsync(string protocol, byte[] greeting, byte[] answer)
    {
        if (protocol == "gr00t")
            return new Zmq(greeting, answer);
        var web = new Web(greeting, answer);
        await web.StartAsync();
        return web;
    }

    public abstract ValueTask DisposeAsync();

    private sealed class Web : ReplayServer
    {
        private readonly WebApplication _app;
        private readonly CancellationTokenSource _ends = new();
        private readonly byte[] _greeting;
        private readonly byte[] _answer;

        public Web(byte[] greeting, byte[] answer)
        {
            (_greeting, _answer) = (greeting, answer);
            var builder = WebServer.Builder(new Uri("http://127.0.0.1:0"), token: null);
            builder.Services.AddSingleton<IHostLifetime, Hosting.HostLifetime>();
            _app = builder.Build();
            _app.UseWebSockets();
            _app.UseRouting();
            _app.MapGet("/vla", () => Results.Bytes(_greeting, "application/json"));
            _app.MapPost("/act", ActAsync);
            _app.Map("/", ServeAsync);
        }

        public override int Port => new Uri(_app.Urls.First()).Port;

        public Task StartAsync() => _app.StartAsync();

        public override async ValueTask DisposeAsync()
        {
            await _ends.CancelAsync();
            await _app.DisposeAsync();
        }

        private async Task ActAsync(HttpContext context)
        {
            if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { } limit)
                limit.MaxRequestBodySize = null;
            var body = context.Request.BodyReader;
            while (true)
            {
                var read = await body.ReadAsync(_ends.Token);
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }

            context.Response.ContentType = "application/json";
            context.Response.ContentLength = _answer.Length;
            await context.Response.Body.WriteAsync(_answer, _ends.Token);
        }

        private async Task ServeAsync(HttpContext context)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var memory = new byte[1 << 20];
            try
            {
                await socket.SendAsync(_greeting, WebSocketMessageType.Binary, true, _ends.Token);
                while (true)
                {
                    var part = await socket.ReceiveAsync(memory.AsMemory(), _ends.Token);
                    if (part.MessageType == WebSocketMessageType.Close)
                        return;
                    if (part.EndOfMessage)
                        await socket.SendAsync(_answer, WebSocketMessageType.Binary, true, _ends.Token);
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
            {
                // It is over.
            }
        }
    }

    private sealed class Zmq : ReplayServer
    {
        /// <summary>What is asked of a server itself is shorter, and an observation is longer.</summary>
        private const int ShortQuestion = 1_000;

        private readonly RouterSocket _socket = new();
        private readonly NetMQPoller _poller;

        public Zmq(byte[] greeting, byte[] answer)
        {
            _socket.Options.Linger = TimeSpan.Zero;
            Port = _socket.BindRandomPort("tcp://127.0.0.1");
            _socket.ReceiveReady += (_, _) =>
            {
                var message = new NetMQMessage();
                while (_socket.TryReceiveMultipartMessage(ref message, 3))
                {
                    var isShort = message.Last.MessageSize < ShortQuestion;
                    message.RemoveFrame(message.Last);
                    message.Append(isShort ? greeting : answer);
                    _socket.TrySendMultipartMessage(message);
                    message = new NetMQMessage();
                }
            };
            _poller = [_socket];
            _poller.RunAsync("vla replay", isBackgroundThread: true);
        }

        public override int Port { get; }

        public override ValueTask DisposeAsync()
        {
            _poller.Stop();
            _poller.Dispose();
            _socket.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
