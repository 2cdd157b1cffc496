using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using MessagePack;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Actors.Policies.Remote.Gr00t;

/// <summary>A ZeroMQ socket for requests to a server of GR00T's protocol.</summary>
/// <remarks>
/// Such a socket takes no second request before the answer to the first, and connects again by itself to a server that
/// was started anew, where nobody knows of the question. It is left after a time-out, therefore, as any other.
/// </remarks>
internal sealed class Gr00tConnection : WireConnection
{
    /// <summary>Whether anybody listens is known at once on the network that a robot has.</summary>
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(5);

    private readonly WireAddress _address;
    private readonly RequestSocket _socket = new();
    private byte[] _request = [];

    private Gr00tConnection(WireAddress address)
    {
        _address = address;
        _socket.Options.Linger = TimeSpan.Zero;
        _socket.Options.MaxMsgSize = LongestMessage;
        _socket.Options.TcpKeepalive = true;
    }

    /// <summary>Connects, and asks for the server's modalities.</summary>
    /// <exception cref="PolicyException">There is no such server, in words.</exception>
    public static Gr00tConnection Open(WireAddress address)
    {
        var connection = new Gr00tConnection(address);
        try
        {
            connection.Connect();
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
        if (_request.Length < request.Length)
            _request = new byte[request.Length];
        request.Span.CopyTo(_request);
        byte[]? answer = null;
        var more = false;
        try
        {
            if (_socket.TrySendFrame(timeout, _request, request.Length))
                _socket.TryReceiveFrameBytes(timeout, out answer, out more);
        }
        catch (Exception e) when (e is NetMQException or SocketException or ObjectDisposedException)
        {
            throw Failed($"was lost: {e.Message}", e);
        }

        if (more)
            throw Failed("answered in several pieces: it does not speak GR00T's protocol");
        return answer ?? throw Failed($"gave no answer {WireFailure.Within(timeout)}");
    }

    /// <inheritdoc/>
    public override void Dispose() => _socket.Dispose();

    private void Connect()
    {
        // ZeroMQ says of nobody there only that there is no answer.
        using (var probe = new TcpClient())
        {
            var longest = _address.Timeout < LongestConnect ? _address.Timeout : LongestConnect;
            using var limit = new CancellationTokenSource(longest);
            try
            {
                probe
                    .ConnectAsync(_address.Host.Trim('[', ']'), _address.Port, limit.Token)
                    .AsTask()
                    .GetAwaiter()
                    .GetResult();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                throw Failed(WireFailure.OfNetwork(e) ?? WireFailure.NoConnection(longest), e);
            }
        }

        var host = _address.Host.Contains(':') && !_address.Host.StartsWith('[') ? $"[{_address.Host}]" : _address.Host;
        _socket.Connect(string.Create(CultureInfo.InvariantCulture, $"tcp://{host}:{_address.Port}"));
        var answer = Exchange(Question("get_modality_config"), _address.Timeout);
        try
        {
            Metadata = WireReader.ReadFirst(answer);
            WireAnswer.ThrowIfError(Metadata);
        }
        catch (WireException e) when (!Metadata.Paths.Contains("error"))
        {
            throw Failed($"does not speak GR00T's protocol: {e.Message}", e);
        }
        catch (WireException e)
        {
            throw Failed(
                e.Message.Contains("Unauthorized", StringComparison.Ordinal) ? WireFailure.OtherKey() : e.Message,
                e
            );
        }
    }

    private ReadOnlyMemory<byte> Question(string endpoint)
    {
        var memory = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(memory);
        writer.WriteMapHeader(_address.KeyFile is null ? 1 : 2);
        writer.Write("endpoint");
        writer.Write(endpoint);
        if (_address.KeyFile is { } file)
        {
            writer.Write("api_token");
            writer.Write(WireKey.Read(file));
        }

        writer.Flush();
        return memory.WrittenMemory;
    }

    private PolicyException Failed(string what, Exception? inner = null) => new($"{_address.Where}: {what}", inner);
}
