using System.Net.WebSockets;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Remote.OpenPi;

/// <summary>
/// A connection to a policy server that speaks openpi's protocol: a WebSocket, whose server first says what it is, and
/// then answers one observation after the other.
/// </summary>
/// <remarks>
/// Receiving goes on between questions, so that the server's pings are answered while nothing is asked. There are no
/// numbers on the wire that would tell which answer belongs to what: no answer in time, one that nobody asked for and
/// one that is too long end the connection.
/// </remarks>
internal sealed class OpenPiConnection : WireConnection
{
    private const int FirstBuffer = 64 * 1024;
    private const int ShownCharacters = 300;

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _ends = new();
    private readonly string _where;
    private readonly Lock _gate = new();

    // Two, since the next message may come in while the last is read.
    private byte[] _incoming = new byte[FirstBuffer];
    private byte[] _handedOver = new byte[FirstBuffer];
    private TaskCompletionSource<ReadOnlyMemory<byte>>? _asked;
    private PolicyException? _failure;

    private OpenPiConnection(string where) => _where = where;

    /// <summary>Connects, and waits for what the server says of itself.</summary>
    /// <exception cref="PolicyException">There is no such server, in words.</exception>
    public static OpenPiConnection Open(WireAddress address)
    {
        var connection = new OpenPiConnection(address.Where);
        try
        {
            connection.Connect(address);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Exchange(ReadOnlyMemory<byte> request, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        var answer = Ask();
        try
        {
            _socket
                .SendAsync(request, WebSocketMessageType.Binary, endOfMessage: true, limit.Token)
                .AsTask()
                .GetAwaiter()
                .GetResult();
            return answer.WaitAsync(limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e)
        {
            throw Fail($"gave no answer {WireFailure.Within(timeout)}", e);
        }
        catch (Exception e)
            when (e is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // What the receiving side has seen says more than that nothing could be sent.
            throw _failure ?? Fail($"was lost: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _ends.Cancel();
        _socket.Dispose();
    }

    private void Connect(WireAddress address)
    {
        var options = _socket.Options;
        options.CollectHttpResponseDetails = true;
        options.Proxy = null;
        options.KeepAliveInterval = TimeSpan.FromSeconds(20);
        options.KeepAliveTimeout = TimeSpan.FromSeconds(20);
        if (address.KeyFile is { } file)
            options.SetRequestHeader("Authorization", $"Api-Key {WireKey.Read(file)}");
        using var limit = new CancellationTokenSource(address.Timeout);
        try
        {
            options.RemoteCertificateValidationCallback = WireCertificate.Check(address);
            _socket.ConnectAsync(address.Url("ws"), limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e)
        {
            throw new PolicyException($"{_where}: {WireFailure.NoConnection(address.Timeout)}", e);
        }
        catch (WebSocketException e)
        {
            throw new PolicyException($"{_where}: {Words(e)}", e);
        }

        var metadata = Ask();
        _ = Task.Run(ReceiveAsync, CancellationToken.None);
        try
        {
            Metadata = WireReader.Read(metadata.WaitAsync(limit.Token).GetAwaiter().GetResult().ToArray());
        }
        catch (OperationCanceledException e)
        {
            throw Fail(
                $"took the connection, and said nothing {WireFailure.Within(address.Timeout)}: a policy server first "
                    + "says what it is",
                e
            );
        }
        catch (WireException e)
        {
            throw Fail($"does not speak openpi's protocol: {e.Message}", e);
        }
    }

    private Task<ReadOnlyMemory<byte>> Ask()
    {
        lock (_gate)
        {
            if (_failure is not null)
                throw _failure;
            _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _asked.Task;
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
                Receive(await NextAsync());
        }
        catch (PolicyException e)
        {
            Set(e);
        }
        catch (Exception e)
            when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            Set(new PolicyException($"{_where}: the connection was lost: {ErrorLine(e.Message)}", e));
        }
    }

    private async Task<(WebSocketMessageType Type, int Length)> NextAsync()
    {
        var length = 0;
        while (true)
        {
            if (length == _incoming.Length)
                Array.Resize(ref _incoming, _incoming.Length * 2);
            var part = await _socket.ReceiveAsync(_incoming.AsMemory(length), _ends.Token);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
                throw new PolicyException($"{_where}: closed the connection{Why()}");
            if (length > LongestMessage)
                throw new PolicyException($"{_where}: sent a message of more than {LongestMessage >> 20} MiB");
            if (part.EndOfMessage)
                return (part.MessageType, length);
        }
    }

    private void Receive((WebSocketMessageType Type, int Length) message)
    {
        TaskCompletionSource<ReadOnlyMemory<byte>> asked;
        lock (_gate)
        {
            (_incoming, _handedOver) = (_handedOver, _incoming);
            // Whoever has asked stays, to be told of what ends the connection.
            if (message.Type == WebSocketMessageType.Text)
                throw new PolicyException($"{_where}: {ServerError.Line(_handedOver.AsSpan(0, message.Length))}");
            asked = _asked ?? throw new PolicyException($"{_where}: sent a message that nobody asked for");
            _asked = null;
        }

        asked.TrySetResult(_handedOver.AsMemory(0, message.Length));
    }

    private PolicyException Fail(string what, Exception inner)
    {
        var failure = new PolicyException($"{_where}: {what}", inner);
        Set(failure);
        _ends.Cancel();
        return failure;
    }

    private void Set(PolicyException failure)
    {
        TaskCompletionSource<ReadOnlyMemory<byte>>? asked;
        lock (_gate)
        {
            _failure ??= failure;
            (asked, _asked) = (_asked, null);
        }

        asked?.TrySetException(failure);
    }

    private string Why() =>
        _socket.CloseStatus is { } status
            ? $" ({(int)status}{(_socket.CloseStatusDescription is { Length: > 0 } why ? $": {ErrorLine(why)}" : "")})"
            : "";

    private string Words(WebSocketException e) =>
        WireFailure.OfNetwork(e)
        ?? (int)_socket.HttpStatusCode switch
        {
            0 => $"cannot be connected to: {ErrorLine(e.InnerException?.Message ?? e.Message)}",
            401 or 403 => WireFailure.OtherKey((int)_socket.HttpStatusCode),
            var status =>
                $"answered HTTP {status} instead of opening a WebSocket: it is no policy server, or a busy one",
        };

    private static string ErrorLine(string text) => OneLine.Of(text, ShownCharacters);
}
