using System.Globalization;
using System.Net.Sockets;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Networks.LeKiwi;

/// <summary>
/// What LeKiwi's host says, for all who listen here: the robot, and its cameras.
/// </summary>
/// <remarks>
/// The host gives each message to one of those who are connected, so there is one connection for all of them, and one
/// thread that reads it. ZeroMQ connects again by itself and does not say that it was cut off: silence is what shows
/// it.
/// </remarks>
internal sealed class LeKiwiFeed
{
    /// <summary>A host that says nothing for so long is gone: it says where it is 30 times a second.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    private const int LongestMessage = 16 * 1024 * 1024;
    private const int MostFrames = 33;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, LeKiwiFeed> Open = [];

    private readonly string _endpoint;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private readonly List<LeKiwiListener> _listeners = [];
    private readonly LeKiwiMessage _message = new();
    private volatile bool _ends;

    private LeKiwiFeed(string endpoint, TimeProvider time)
    {
        (_endpoint, _time) = (endpoint, time);
        _thread = new Thread(Run) { Name = $"vla-lekiwi {endpoint}", IsBackground = true };
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="address">The host's.</param>
    /// <param name="listener">Told of all that comes, until it leaves.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="RobotException">Nobody listens there, in words.</exception>
    public static void Join(NetworkAddress address, LeKiwiListener listener, TimeProvider time)
    {
        RequireSomebody(address);
        var endpoint = LeKiwiKind.Endpoint(address, LeKiwiKind.StatePort(address));
        lock (Gate)
        {
            if (!Open.TryGetValue(endpoint, out var feed))
            {
                Open[endpoint] = feed = new LeKiwiFeed(endpoint, time);
                feed._thread.Start();
            }

            lock (feed._listeners)
                feed._listeners.Add(listener);
            listener.Feed = feed;
        }
    }

    /// <summary>Is told of nothing any more; the last one ends the connection.</summary>
    public static void Leave(LeKiwiListener listener)
    {
        lock (Gate)
        {
            if (listener.Feed is not { } feed)
                return;
            listener.Feed = null;
            lock (feed._listeners)
            {
                feed._listeners.Remove(listener);
                if (feed._listeners.Count > 0)
                    return;
            }

            feed._ends = true;
            Open.Remove(feed._endpoint);
        }
    }

    /// <summary>ZeroMQ says of nobody there only that nothing comes.</summary>
    private static void RequireSomebody(NetworkAddress address)
    {
        foreach (var port in new[] { address.Port, LeKiwiKind.StatePort(address) })
        {
            using var probe = new TcpClient();
            using var limit = new CancellationTokenSource(address.Timeout);
            try
            {
                probe.ConnectAsync(address.Host.Trim('[', ']'), port, limit.Token).AsTask().GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                var why =
                    WireFailure.OfNetwork(e, "LeKiwi's host (python -m lerobot.robots.lekiwi.lekiwi_host)")
                    ?? WireFailure.NoConnection(address.Timeout);
                throw new RobotException(string.Create(CultureInfo.InvariantCulture, $"port {port}: {why}"), e);
            }
        }
    }

    private void Run()
    {
        while (!_ends)
        {
            try
            {
                using var socket = new PullSocket();
                socket.Options.ReceiveHighWatermark = 2;
                socket.Options.Linger = TimeSpan.Zero;
                socket.Options.MaxMsgSize = LongestMessage;
                socket.Options.TcpKeepalive = true;
                socket.Connect(_endpoint);
                Tell(listener => listener.Connected(_time.NowNs()));
                Listen(socket);
            }
            catch (Exception e) when (e is NetMQException or SocketException or ObjectDisposedException)
            {
                Tell(listener => listener.Fail($"the connection was lost: {e.Message}"));
                Thread.Sleep(LookEvery);
            }
        }
    }

    /// <summary>Until it ends, or nothing has come for so long that a new socket may do better.</summary>
    private void Listen(PullSocket socket)
    {
        var frames = new List<byte[]>();
        var heardNs = _time.NowNs();
        var longestNs = (long)LongestSilence.TotalNanoseconds;
        while (!_ends)
        {
            frames.Clear();
            if (!socket.TryReceiveFrameBytes(LookEvery, out var first, out var more))
            {
                if (_time.NowNs() - heardNs <= longestNs)
                    continue;
                Tell(listener => listener.Fail($"it has said nothing for {LongestSilence.TotalSeconds:0} s"));
                return;
            }

            frames.Add(first!);
            while (more)
            {
                var frame = socket.ReceiveFrameBytes(out more);
                if (frames.Count < MostFrames)
                    frames.Add(frame);
            }

            heardNs = _time.NowNs();
            var arrivedNs = heardNs;
            var problem = _message.Read(frames);
            Tell(listener =>
            {
                if (problem is null)
                    listener.Heard(_message, arrivedNs);
                else
                    listener.PassOver(problem);
            });
        }
    }

    private void Tell(Action<LeKiwiListener> what)
    {
        lock (_listeners)
        {
            foreach (var listener in _listeners)
                what(listener);
        }
    }
}

/// <summary>Who listens to LeKiwi's host. Called on the feed's thread: must return at once.</summary>
internal abstract class LeKiwiListener
{
    /// <summary>Whose it is; null before and after.</summary>
    public LeKiwiFeed? Feed { get; set; }

    /// <summary>A new connection has begun.</summary>
    public virtual void Connected(long nowNs) { }

    /// <summary>Something was said.</summary>
    /// <param name="message">Of the call only.</param>
    /// <param name="arrivedNs">When it came, monotonic nanoseconds.</param>
    public abstract void Heard(LeKiwiMessage message, long arrivedNs);

    /// <summary>Something was said that is of no use.</summary>
    public abstract void PassOver(string problem);

    /// <summary>The host is gone, or silent.</summary>
    public abstract void Fail(string why);
}
