using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Networks.LeKiwi;

/// <summary>
/// LeRobot's LeKiwi by its host, which runs on the robot: an arm on a base with three wheels:
/// <c>--robot lekiwi://HOST</c>.
/// </summary>
/// <remarks>
/// The host's own watchdog stops the base, not the arm, 500 ms after the last command. A command says nothing but the
/// nine values: there is no place in it for a number or how long it stands.
/// </remarks>
internal sealed class LeKiwiRobot : NetworkRobot
{
    private const double HostHz = 30;

    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _writer;
    private readonly JsonEncodedText[] _names;

    /// <param name="address">The host's.</param>
    /// <param name="profile">What it is told: <see cref="LeKiwiForm"/>'s names.</param>
    /// <param name="tells">What it tells.</param>
    /// <param name="time">The clock.</param>
    public LeKiwiRobot(NetworkAddress address, RobotProfile profile, RobotTells tells, TimeProvider time)
        : base(address, profile, tells, HostHz, time)
    {
        _writer = new Utf8JsonWriter(_buffer);
        _names = [.. LeKiwiForm.Names.Select(name => JsonEncodedText.Encode(name))];
    }

    protected override string SilenceMend =>
        "start LeKiwi's host, which ends by itself after its connection_time_s (30 s by default: give it more)";

    public override void Dispose()
    {
        base.Dispose();
        _writer.Dispose();
    }

    protected override NetworkConnection Open(CancellationToken cancellation) => new Connection(this);

    protected override void Send(NetworkConnection connection, PublishedAction action)
    {
        _buffer.ResetWrittenCount();
        _writer.Reset(_buffer);
        _writer.WriteStartObject();
        for (var i = 0; i < _names.Length; i++)
            _writer.WriteNumber(_names[i], action.Values[i]);
        _writer.WriteEndObject();
        _writer.Flush();
        ((Connection)connection).Send(_buffer.WrittenMemory);
    }

    /// <summary>Both sockets of one connection.</summary>
    private sealed class Connection(LeKiwiRobot robot) : NetworkConnection
    {
        private static readonly TimeSpan LongestGoodBye = TimeSpan.FromMilliseconds(300);

        private readonly PushSocket _commands = new();
        private readonly Lock _sending = new();
        private Listener? _listener;
        private byte[] _frame = [];

        public override void Begin()
        {
            // What waits to be sent when the host hangs is the newest of its moment, and no more.
            _commands.Options.SendHighWatermark = 1;
            _commands.Options.Linger = LongestGoodBye;
            _commands.Options.TcpKeepalive = true;
            _listener = new Listener(robot, this);
            LeKiwiFeed.Join(robot.Address, _listener, robot.Time);
            _commands.Connect(LeKiwiKind.Endpoint(robot.Address, robot.Address.Port));
        }

        public void Send(ReadOnlyMemory<byte> utf8)
        {
            lock (_sending)
            {
                if (_frame.Length < utf8.Length)
                    _frame = new byte[utf8.Length];
                utf8.CopyTo(_frame);
                try
                {
                    if (_commands.TrySendFrame(LongestSend, _frame, utf8.Length))
                        return;
                    Fail(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"it has taken no command for {LongestSend.TotalMilliseconds:0} ms"
                        )
                    );
                }
                catch (Exception e) when (e is NetMQException or SocketException or ObjectDisposedException)
                {
                    Fail($"the connection was lost: {e.Message}");
                }

                throw new RobotLostException(Failure!);
            }
        }

        // ZeroMQ sends what waits while the socket lingers.
        public override void Close() { }

        public override void Dispose()
        {
            if (_listener is { } listener)
                LeKiwiFeed.Leave(listener);
            lock (_sending)
                _commands.Dispose();
        }
    }

    /// <summary>Hands the states on.</summary>
    private sealed class Listener(LeKiwiRobot robot, Connection connection) : LeKiwiListener
    {
        private StateTimes _times = new(robot.Time.NowNs());

        public override void Connected(long nowNs) => _times = new StateTimes(nowNs);

        public override void Heard(LeKiwiMessage message, long arrivedNs) =>
            robot.Hear(connection, _times.AtNs(arrivedNs, null, 0), message.Values);

        public override void PassOver(string problem) => robot.PassOver(problem);

        public override void Fail(string why) => connection.Fail(why);
    }
}
