using System.Globalization;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving.Gr00t;

/// <summary>GR00T's protocol: each client's request, one at a time, and its reply, over ZeroMQ.</summary>
/// <remarks>
/// A socket that knows who asked takes the place of GR00T's, which answers one client after the other: several are
/// answered at the same time, as many as there are places. Each request has all that is needed. It has a thread of its
/// own, which never waits for a policy.
/// </remarks>
internal sealed class Gr00tEndpoint : PolicyEndpoint
{
    /// <summary>Requests that wait for a place or an answer; further ones are refused at once.</summary>
    private const int MostWaiting = 64;

    private readonly ServingContext _context;
    private readonly SingleObservations _observations;
    private readonly Gr00tMessages _messages;
    private readonly RouterSocket _socket = new();
    private readonly NetMQQueue<(NetMQMessage Envelope, byte[] Answer)> _answers = new();
    private readonly NetMQPoller _poller;
    private readonly CancellationTokenSource _ends = new();
    private readonly RecentClients<RequestPace> _paces;
    private Uri? _address;
    private int _waiting;
    private long _refused;

    /// <exception cref="UsageException">Others could reach the address, and there is no token.</exception>
    public Gr00tEndpoint(ServingContext context)
    {
        if (context.Token is null && !Http.HttpAddress.IsThisMachine(context.Address.Host))
            throw new UsageException($"{context.Address} can be reached by other machines: a token is needed");
        _context = context;
        _observations = new SingleObservations(context);
        _messages = new Gr00tMessages(context.Policy, context.Layout);
        // Who has gone is not told here: names that were made up fill no memory.
        _paces = context.Paces();
        _socket.Options.MaxMsgSize = context.Limits.LargestMessage;
        _socket.Options.Linger = TimeSpan.Zero;
        _socket.Options.TcpKeepalive = true;
        // An answer to somebody who is gone is let go.
        _socket.Options.RouterMandatory = false;
        _socket.ReceiveReady += (_, _) => Receive();
        _answers.ReceiveReady += (_, _) => Send();
        _poller = [_socket, _answers];
    }

    /// <inheritdoc/>
    public override Uri Address => _address ?? _context.Address;

    /// <inheritdoc/>
    public override Task StartAsync()
    {
        var host = _context.Address.Host == "localhost" ? "127.0.0.1" : _context.Address.Host;
        try
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"tcp://{host}:");
            var port = _context.Address.Port;
            if (port == 0)
                port = _socket.BindRandomPort($"tcp://{host}");
            else
                _socket.Bind($"{place}{port}");
            _address = new UriBuilder("http", _context.Address.Host, port).Uri;
        }
        catch (NetMQException e)
        {
            throw new IOException($"{host}:{_context.Address.Port}: {e.ErrorCode} {e.Message}", e);
        }

        _poller.RunAsync("vla gr00t", isBackgroundThread: true);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        if (_poller.IsRunning)
            _poller.Stop();
        _poller.Dispose();
        _answers.Dispose();
        _socket.Dispose();
        _observations.Dispose();
    }

    private void Receive()
    {
        // The envelope says who asked; its last piece is the question.
        var message = new NetMQMessage();
        while (_socket.TryReceiveMultipartMessage(ref message, expectedFrameCount: 3))
        {
            if (message.FrameCount < 2)
                continue;
            var question = message.Last.Buffer.AsMemory(0, message.Last.MessageSize);
            message.RemoveFrame(message.Last);
            Begin(message, question);
            message = new NetMQMessage();
        }
    }

    private void Begin(NetMQMessage envelope, ReadOnlyMemory<byte> question)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            _answers.Enqueue((envelope, Gr00tMessages.Error("too many requests wait already: come again later")));
            return;
        }

        _ = Task.Run(
            async () =>
            {
                try
                {
                    var client = Convert.ToHexString(envelope.First.Buffer, 0, envelope.First.MessageSize);
                    var answer = await _context.PaceAsync(_paces.Of(client), _ends.Token)
                        ? await AnswerAsync(client, question)
                        : Gr00tMessages.Error(_context.TooFast);
                    if (!_ends.IsCancellationRequested)
                        _answers.Enqueue((envelope, answer));
                }
                catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
                {
                    // The server ends.
                }
                finally
                {
                    Interlocked.Decrement(ref _waiting);
                }
            },
            CancellationToken.None
        );
    }

    private void Send()
    {
        while (_answers.TryDequeue(out var answer, TimeSpan.Zero))
        {
            answer.Envelope.Append(answer.Answer);
            _socket.TrySendMultipartMessage(answer.Envelope);
        }
    }

    private async Task<byte[]> AnswerAsync(string client, ReadOnlyMemory<byte> question)
    {
        try
        {
            var map = WireReader.Read(question);
            if (
                _context.Token is { } token
                && !(map.Find("api_token") is WireItem.Text { Value: var shown } && token.Is(shown))
            )
                return Gr00tMessages.Error("Unauthorized: Invalid API token");
            return (map.FindText("endpoint") ?? Gr00tMessages.GetAction) switch
            {
                "ping" => _context.Problem() is { } why ? Gr00tMessages.Error(why) : Gr00tMessages.Alive,
                "reset" => Gr00tMessages.Nothing,
                "get_modality_config" => _messages.Modalities,
                "kill" => Gr00tMessages.Error("this server is not ended by its clients"),
                Gr00tMessages.GetAction => await _context.MeasureAsync(() => ActAsync(client, map)),
                var other => Gr00tMessages.Error($"Unknown endpoint: {OneLine.Of(other, 100)}"),
            };
        }
        catch (Exception e) when (e is WireException or PolicyException)
        {
            _context.Log.Refused(_context.Protocol.Name, Interlocked.Increment(ref _refused), OneLine.Of(e.Message));
            return Gr00tMessages.Error(OneLine.Of(e.Message, ServingContext.LongestReason));
        }
    }

    private async Task<byte[]> ActAsync(string client, WireMap map)
    {
        var (observation, hasOptions, isFlat) = Gr00tMessages.Observation(map);
        var inferred = await _observations.InferAsync(client, observation, _ends.Token);
        return _messages.Chunk(inferred, hasOptions, isFlat: isFlat || !hasOptions);
    }
}
