using System.Net.Http.Headers;
using System.Net.WebSockets;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Policies.Remote;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Serving.Measuring;

/// <summary>A question and its answer over a wire, again and again; for one thread, which waits.</summary>
internal abstract class Exchange : IDisposable
{
    /// <summary>Longer than any takes.</summary>
    protected static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    /// <summary>Asks once.</summary>
    /// <returns>The answer, there until the next.</returns>
    public abstract ReadOnlyMemory<byte> Ask();

    public abstract void Dispose();

    /// <summary>Bytes that are sent as they are, and an answer that nobody reads: the wire and nothing else.</summary>
    /// <param name="protocol">Its name.</param>
    /// <param name="port">At this machine's loopback address.</param>
    /// <param name="question">What is sent.</param>
    public static Exchange Raw(string protocol, int port, byte[] question) =>
        protocol switch
        {
            "openpi" => new Socket(port, question),
            "openvla" => new Http(port, question),
            _ => new Zmq(port, question),
        };

    /// <summary>As a robot's policy asks: the observation is written, and the answer read and checked.</summary>
    public static Exchange Of(RemotePolicy policy, Observation seen, string words) => new Whole(policy, seen, words);

    private sealed class Socket : Exchange
    {
        private readonly ClientWebSocket _socket = new();
        private readonly byte[] _question;
        private byte[] _answer = new byte[1 << 16];

        public Socket(int port, byte[] question)
        {
            _question = question;
            _socket.Options.Proxy = null;
            using var limit = new CancellationTokenSource(Bound);
            _socket.ConnectAsync(new UriBuilder("ws", "127.0.0.1", port).Uri, limit.Token).GetAwaiter().GetResult();
            Greeting = Receive().ToArray();
        }

        public override ReadOnlyMemory<byte> Ask()
        {
            _socket
                .SendAsync(_question, WebSocketMessageType.Binary, true, CancellationToken.None)
                .GetAwaiter()
                .GetResult();
            return Receive();
        }

        public override void Dispose() => _socket.Dispose();

        private ReadOnlyMemory<byte> Receive()
        {
            for (var length = 0; ; )
            {
                if (length == _answer.Length)
                    Array.Resize(ref _answer, 2 * length);
                var part = _socket
                    .ReceiveAsync(_answer.AsMemory(length), CancellationToken.None)
                    .AsTask()
                    .GetAwaiter()
                    .GetResult();
                length += part.Count;
                if (part.EndOfMessage)
                    return _answer.AsMemory(0, length);
            }
        }
    }

    /// <summary>What the server said first, or says of itself.</summary>
    public byte[] Greeting { get; private protected init; } = [];

    private sealed class Http : Exchange
    {
        private readonly HttpClient _http;
        private readonly byte[] _question;

        public Http(int port, byte[] question)
        {
            _question = question;
            _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
            {
                BaseAddress = new UriBuilder("http", "127.0.0.1", port).Uri,
                Timeout = Bound,
            };
            Greeting = _http.GetByteArrayAsync("/vla").GetAwaiter().GetResult();
        }

        public override ReadOnlyMemory<byte> Ask()
        {
            using var content = new ByteArrayContent(_question);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = _http.PostAsync("/act", content).GetAwaiter().GetResult();
            return answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
        }

        public override void Dispose() => _http.Dispose();
    }

    private sealed class Zmq : Exchange
    {
        private readonly RequestSocket _socket = new();
        private readonly byte[] _question;

        public Zmq(int port, byte[] question)
        {
            _socket.Options.Linger = TimeSpan.Zero;
            _socket.Connect(FormattableString.Invariant($"tcp://127.0.0.1:{port}"));
            _question = Gr00t.Gr00tMessages.Question("get_modality_config");
            Greeting = Ask().ToArray();
            _question = question;
        }

        public override ReadOnlyMemory<byte> Ask()
        {
            _socket.SendFrame(_question);
            return _socket.TryReceiveFrameBytes(Bound, out var answer)
                ? answer
                : throw new TimeoutException("no answer came");
        }

        public override void Dispose() => _socket.Dispose();
    }

    private sealed class Whole(RemotePolicy policy, Observation seen, string words) : Exchange
    {
        private readonly WireConnection _connection = policy.Address.Protocol.Open(policy.Address);
        private readonly WireRequest _request = policy.Request();

        public override ReadOnlyMemory<byte> Ask()
        {
            var answer = _connection.Exchange(_request.Write(seen, words), Bound);
            policy.Check(answer);
            return answer;
        }

        public override void Dispose() => _connection.Dispose();
    }
}
