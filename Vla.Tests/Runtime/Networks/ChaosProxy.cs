using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Vla.Tests.Runtime.Networks;

/// <summary>A network between two programs of this process that can fail in all the ways that networks do.</summary>
internal sealed class ChaosProxy : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly ConcurrentDictionary<Socket, byte> _sockets = [];
    private readonly ManualResetEventSlim _flows = new(true);
    private volatile bool _loses;
    private volatile byte[]? _garbage;

    /// <param name="target">The port behind it.</param>
    public ChaosProxy(int target)
    {
        _target = target;
        _listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends every connection at once, both ways.</summary>
    public void Kill()
    {
        foreach (var socket in _sockets.Keys)
        {
            try
            {
                socket.LingerState = new LingerOption(enable: true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Its own thread has ended it meanwhile.
            }

            socket.Dispose();
        }
    }

    /// <summary>Nothing gets through any more, and all of it is kept.</summary>
    public void Stall() => _flows.Reset();

    /// <summary>Nothing gets through any more, and all of it is lost: what a pulled cable looks like.</summary>
    public void Lose() => _loses = true;

    /// <summary>The next bytes towards whoever connected are these.</summary>
    public void Spoil(byte[] garbage) => _garbage = garbage;

    /// <summary>All is well again; connections that lost something are ended.</summary>
    public void Heal()
    {
        if (_loses)
            Kill();
        _loses = false;
        _flows.Set();
    }

    public void Dispose()
    {
        _listener.Stop();
        _flows.Set();
        Kill();
    }

    private void Accept()
    {
        while (true)
        {
            try
            {
                var client = _listener.AcceptSocket();
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                server.Connect(IPAddress.Loopback, _target);
                (client.NoDelay, server.NoDelay) = (true, true);
                _sockets[client] = _sockets[server] = 0;
                new Thread(() => Pass(client, server, isToClient: false)) { IsBackground = true }.Start();
                new Thread(() => Pass(server, client, isToClient: true)) { IsBackground = true }.Start();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                if (e is not SocketException { SocketErrorCode: SocketError.ConnectionRefused })
                    return;
            }
        }
    }

    private void Pass(Socket from, Socket to, bool isToClient)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (from.Receive(buffer) is > 0 and var length)
            {
                _flows.Wait(Longest);
                if (_loses)
                    continue;
                if (isToClient && Interlocked.Exchange(ref _garbage, null) is { } garbage)
                    to.Send(garbage);
                to.Send(buffer.AsSpan(0, length));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone: so is the other.
        }

        foreach (var socket in new[] { from, to })
        {
            _sockets.TryRemove(socket, out _);
            socket.Dispose();
        }
    }
}
