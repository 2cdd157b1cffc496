using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Vla.Tests.Runtime.Serving;

/// <summary>
/// Stands between a client and a server and does to their connections what networks and dying programs do.
/// </summary>
internal sealed class ChaosProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ends = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Link> _links = [];
    private readonly int _port;

    /// <param name="port">The server's.</param>
    public ChaosProxy(int port)
    {
        _port = port;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that there are.</summary>
    public int Links
    {
        get
        {
            lock (_gate)
                return _links.Count;
        }
    }

    /// <summary>Does it to every connection that there is now; those that come later are well.</summary>
    public void Strike(Fault fault, bool towardsServer)
    {
        Link[] links;
        lock (_gate)
            links = [.. _links];
        foreach (var link in links)
            link.Strike(fault, towardsServer);
    }

    public void Dispose()
    {
        _ends.Cancel();
        _listener.Stop();
        Strike(Fault.Kill, towardsServer: false);
        _ends.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_ends.Token);
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await server.ConnectAsync(IPAddress.Loopback, _port);
                client.NoDelay = true;
                _ = RunAsync(new Link(client, server));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                if (_ends.IsCancellationRequested)
                    return;
            }
        }
    }

    private async Task RunAsync(Link link)
    {
        lock (_gate)
            _links.Add(link);
        await link.RunAsync();
        lock (_gate)
            _links.Remove(link);
    }

    /// <summary>One connection, as two.</summary>
    private sealed class Link(Socket client, Socket server)
    {
        private readonly byte[][] _last =
        [
            [],
            [],
        ];
        private volatile bool _isStalled;
        private volatile int _halfOpen = -1;

        public async Task RunAsync()
        {
            await Task.WhenAll(PumpAsync(client, server, 0), PumpAsync(server, client, 1));
            client.Dispose();
            server.Dispose();
        }

        public void Strike(Fault fault, bool towardsServer)
        {
            var (to, way) = towardsServer ? (server, 0) : (client, 1);
            try
            {
                switch (fault)
                {
                    case Fault.Kill:
                        foreach (var end in (Socket[])[client, server])
                        {
                            // With a reset, as of a process that was killed.
                            end.LingerState = new LingerOption(true, 0);
                            end.Close();
                        }

                        break;
                    case Fault.Stall:
                        _isStalled = true;
                        break;
                    case Fault.HalfOpen:
                        // The other end goes, and this one is told nothing.
                        _halfOpen = way;
                        (towardsServer ? client : server).Close();
                        break;
                    case Fault.Garbage:
                        var garbage = new byte[64];
                        new Random(way).NextBytes(garbage);
                        to.Send(garbage);
                        break;
                    case Fault.Repeat:
                        to.Send(_last[way]);
                        break;
                    case Fault.Oversized:
                        to.Send(Huge());
                        break;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is gone already.
            }
        }

        /// <summary>A head of a WebSocket's frame, of a ZeroMQ's too, that says that a terabyte follows.</summary>
        private static byte[] Huge()
        {
            var head = new byte[10];
            (head[0], head[1]) = (0x82, 0x7f);
            BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(2), 1L << 40);
            return head;
        }

        private async Task PumpAsync(Socket from, Socket to, int way)
        {
            var memory = new byte[1 << 16];
            try
            {
                while (await from.ReceiveAsync(memory) is var read and > 0)
                {
                    if (_isStalled)
                        continue;
                    if (way == 1 || _last[way].Length == 0)
                        _last[way] = memory[..Math.Min(read, 1 << 12)];
                    await to.SendAsync(memory.AsMemory(0, read));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // One of them is gone.
            }

            // The other learns of it, unless it is not to.
            if (_halfOpen != way)
                Close(to);
        }

        private static void Close(Socket end)
        {
            try
            {
                end.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is closed.
            }
        }
    }
}

/// <summary>What becomes of a connection.</summary>
internal enum Fault
{
    /// <summary>Reset.</summary>
    Kill,

    /// <summary>Nothing comes any more, and nothing is said of it.</summary>
    Stall,

    /// <summary>One end goes without the other's knowing.</summary>
    HalfOpen,

    /// <summary>Bytes that mean nothing.</summary>
    Garbage,

    /// <summary>What was said last, again.</summary>
    Repeat,

    /// <summary>A frame that says that it is larger than any memory.</summary>
    Oversized,
}
