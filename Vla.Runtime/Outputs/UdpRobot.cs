using System.Net;
using System.Net.Sockets;
using Vla.Actors.Robots;
using Vla.Runtime.Networks;

namespace Vla.Runtime.Outputs;

/// <summary>Sends every action as a datagram with one JSON object.</summary>
/// <remarks>
/// The host is resolved once, at start: a name server must not hold up a robot. Nobody listening is no failure; it is
/// counted in <see cref="Unheard"/>.
/// </remarks>
internal sealed class UdpRobot : IActionOutput
{
    private readonly Socket _socket;
    private readonly ActionJson _json;
    private long _unheard;

    /// <exception cref="UsageException">The host has no address, or cannot be reached from this machine.</exception>
    public UdpRobot(string host, int port, RobotProfile profile)
    {
        Name = $"udp://{(host.Contains(':') ? $"[{host}]" : host)}:{port}";
        _json = new ActionJson(profile);
        _socket = Connect(host, port);
    }

    public string Name { get; }

    public bool MayBlock => false;

    /// <summary>Datagrams of which the other machine said that nobody listened.</summary>
    public long Unheard => Interlocked.Read(ref _unheard);

    public void Apply(PublishedAction action)
    {
        var datagram = _json.Write(action).Span;
        _socket.Send(datagram, SocketFlags.None, out var error);
        if (error == SocketError.ConnectionRefused)
        {
            // This is the answer to an earlier datagram, and this one was not sent for it.
            Interlocked.Increment(ref _unheard);
            _socket.Send(datagram, SocketFlags.None, out error);
        }

        if (error is not (SocketError.Success or SocketError.ConnectionRefused))
            throw new SocketException((int)error);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _json.Dispose();
    }

    private Socket Connect(string host, int port)
    {
        Socket? socket = null;
        try
        {
            var addresses = Dns.GetHostAddresses(host);
            // With a name that has both, IPv4: what listens on 0.0.0.0 hears it.
            var address = addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
            socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
            socket.Connect(new IPEndPoint(address, port));
            return socket;
        }
        catch (Exception exception) when (exception is SocketException or IndexOutOfRangeException)
        {
            socket?.Dispose();
            throw new UsageException($"output {Name} cannot be used: {exception.Message}", exception);
        }
    }
}
