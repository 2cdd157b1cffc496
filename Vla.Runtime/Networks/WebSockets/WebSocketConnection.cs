using System.Net.WebSockets;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Text;

namespace Vla.Runtime.Networks.WebSockets;

/// <summary>A message has come over a WebSocket.</summary>
/// <param name="from">The connection.</param>
/// <param name="message">Of the call only.</param>
/// <param name="arrivedNs">When it was whole, monotonic nanoseconds.</param>
internal delegate void WebSocketMessage(WebSocketConnection from, ReadOnlySpan<byte> message, long arrivedNs);

/// <summary>A WebSocket to a robot, on which both sides speak when they have something to say.</summary>
/// <remarks>
/// Another side that does not answer pings within <see cref="LongestSilence"/>, takes no message in time, or sends one
/// that is too long, is given up.
/// </remarks>
internal sealed class WebSocketConnection : NetworkConnection
{
    /// <summary>A ping is sent so often, and its answer may take so long again.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestGoodBye = TimeSpan.FromMilliseconds(300);
    private const int FirstBuffer = 16 * 1024;
    private const int ShownCharacters = 200;

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _ends = new();
    private readonly WebSocketMessage _received;
    private readonly TimeProvider _time;
    private readonly int _longest;
    private readonly Lock _sending = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _limit = new();
    private int _begun;
    private byte[] _buffer = new byte[FirstBuffer];

    private WebSocketConnection(WebSocketMessage received, int longest, TimeProvider time) =>
        (_received, _longest, _time) = (received, longest, time);

    /// <summary>Connects.</summary>
    /// <param name="address">Where.</param>
    /// <param name="peer">Who listens there, for messages: <c>the robot</c>.</param>
    /// <param name="received">Told of each message, on a thread of the pool.</param>
    /// <param name="longest">Most bytes of a message.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Told to end.</param>
    /// <exception cref="RobotException">Nobody is there, in words.</exception>
    public static WebSocketConnection Open(
        NetworkAddress address,
        string peer,
        WebSocketMessage received,
        int longest,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var connection = new WebSocketConnection(received, longest, time);
        try
        {
            connection.Connect(address, peer, cancellation);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Begins to read, where it has not begun yet.</summary>
    public override void Begin()
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
            _ = Task.Run(ReceiveAsync, CancellationToken.None);
    }

    /// <summary>Sends a text; returns when the network has it. From any thread, one after the other.</summary>
    /// <exception cref="RobotLostException">It could not be sent in time; the connection is given up.</exception>
    public void Send(ReadOnlyMemory<byte> utf8, TimeSpan longest)
    {
        lock (_sending)
        {
            if (Failure is { } why)
                throw new RobotLostException(why);
            _limit.CancelAfter(longest);
            try
            {
                var sending = _socket.SendAsync(utf8, WebSocketMessageType.Text, endOfMessage: true, _limit.Token);
                if (sending.IsCompleted)
                    sending.GetAwaiter().GetResult();
                else
                    sending.AsTask().GetAwaiter().GetResult();
            }
            catch (OperationCanceledException e)
            {
                Fail($"it has taken no message for {longest.TotalMilliseconds:0} ms");
                throw new RobotLostException(Failure!, e);
            }
            catch (Exception e) when (IsOfConnection(e))
            {
                Fail($"the connection was lost: {OneLine.Of(e.Message, ShownCharacters)}");
                throw new RobotLostException(Failure!, e);
            }

            if (_limit.TryReset())
                return;
            _limit.Dispose();
            _limit = new CancellationTokenSource();
        }
    }

    public override void Close()
    {
        try
        {
            using var limit = new CancellationTokenSource(LongestGoodBye);
            _socket
                .CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "the run has ended", limit.Token)
                .GetAwaiter()
                .GetResult();
            // Until the other side has read all, its answer included: closed at once, it might lose the last message.
            _closed.Task.Wait(LongestGoodBye);
        }
        catch (Exception e) when (IsOfConnection(e) || e is OperationCanceledException or AggregateException)
        {
            // It is gone as it is.
        }
    }

    public override void Dispose()
    {
        _ends.Cancel();
        _socket.Dispose();
    }

    private static bool IsOfConnection(Exception e) =>
        e is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException;

    private void Connect(NetworkAddress address, string peer, CancellationToken cancellation)
    {
        var options = _socket.Options;
        options.CollectHttpResponseDetails = true;
        options.Proxy = null;
        options.KeepAliveInterval = LongestSilence;
        options.KeepAliveTimeout = LongestSilence;
        if (address.ReadKey() is { } key)
            options.SetRequestHeader("Authorization", $"Bearer {key}");
        if (address[NetworkOption.Certificate] is { } file)
            options.RemoteCertificateValidationCallback = WireCertificate.Check(
                file,
                (why, inner) => new RobotException(why, inner)
            );
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(address.Timeout);
        var url = new UriBuilder(address.IsSecure ? "wss" : "ws", address.Host, address.Port, address.Path).Uri;
        try
        {
            _socket.ConnectAsync(url, limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new RobotException(
                $"no connection {WireFailure.Within(address.Timeout)}: is it the right address, and is it on?",
                e
            );
        }
        catch (WebSocketException e)
        {
            throw new RobotException(Words(e, peer), e);
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await NextAsync() is { } length)
                _received(this, _buffer.AsSpan(0, length), _time.NowNs());
        }
        catch (RobotException e)
        {
            Fail(e.Message);
        }
        catch (Exception e) when (IsOfConnection(e) || e is OperationCanceledException)
        {
            Fail($"the connection was lost: {OneLine.Of(e.Message, ShownCharacters)}");
        }

        _closed.TrySetResult();
    }

    /// <summary>Waits until it has ended, or for so long.</summary>
    public bool WaitEnded(int milliseconds) => _closed.Task.Wait(milliseconds);

    private async Task<int?> NextAsync()
    {
        var length = 0;
        while (true)
        {
            if (length == _buffer.Length)
                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, _longest + 1));
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), _ends.Token);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
                throw new RobotException($"it closed the connection{Why()}");
            if (length > _longest)
                throw new RobotException($"it sent a message of more than {_longest >> 10} KiB");
            if (part.EndOfMessage)
                return length;
        }
    }

    private string Why()
    {
        if (_socket.CloseStatus is not { } status)
            return "";
        var why = OneLine.Of(_socket.CloseStatusDescription ?? "", ShownCharacters);
        return why.Length > 0 ? $" ({(int)status}: {why})" : $" ({(int)status})";
    }

    private string Words(WebSocketException e, string peer) =>
        WireFailure.OfNetwork(e, peer)
        ?? (int)_socket.HttpStatusCode switch
        {
            0 => $"cannot be connected to: {OneLine.Of(e.InnerException?.Message ?? e.Message, ShownCharacters)}",
            401 or 403 => WireFailure.OtherKey((int)_socket.HttpStatusCode),
            var status =>
                $"answered HTTP {status} instead of opening a WebSocket: is it the right port and path, and not busy?",
        };
}
