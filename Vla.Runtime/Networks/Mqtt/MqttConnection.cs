using System.Buffers;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Text;

namespace Vla.Runtime.Networks.Mqtt;

/// <summary>A session with an MQTT broker: actions go to one topic, states come from another.</summary>
/// <remarks>
/// Nothing is kept by the broker: the session begins anew, no message is retained, each expires after a second, and a
/// retained state, which says where the robot once was, is passed over. Should this process end without a word, the
/// broker says stop in its place (the last will).
/// </remarks>
internal sealed class MqttConnection : NetworkConnection
{
    /// <summary>A broker that hears nothing for one and a half times as long speaks the last will.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(1);

    private const int ShownCharacters = 200;
    private static readonly TimeSpan LongestGoodBye = TimeSpan.FromMilliseconds(300);

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly MqttApplicationMessage _action;
    private readonly Action<MqttConnection, ReadOnlySpan<byte>, long, bool> _received;
    private readonly TimeProvider _time;
    private readonly bool _isFive;
    private CancellationTokenSource _limit = new();
    private byte[] _joined = [];
    private int _isClosing;

    private MqttConnection(
        MqttTopics topics,
        Action<MqttConnection, ReadOnlySpan<byte>, long, bool> received,
        TimeProvider time,
        bool isFive
    )
    {
        (_received, _time, _isFive) = (received, time, isFive);
        _action = new MqttApplicationMessage
        {
            Topic = topics.Action,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce,
        };
        // What only MQTT 5 can say.
        if (isFive)
            (_action.MessageExpiryInterval, _action.ContentType) = (1, "application/json");
        _client.DisconnectedAsync += Disconnected;
        _client.ApplicationMessageReceivedAsync += Received;
    }

    /// <summary>Connects, and asks for the states.</summary>
    /// <param name="address">The broker's.</param>
    /// <param name="topics">Where actions go and states come from.</param>
    /// <param name="will">What the broker says when nothing is heard of this process any more.</param>
    /// <param name="received">Told of each state: its bytes, when it came, whether it was retained.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Told to end.</param>
    /// <exception cref="RobotException">There is no such broker, in words.</exception>
    public static MqttConnection Open(
        NetworkAddress address,
        MqttTopics topics,
        byte[] will,
        Action<MqttConnection, ReadOnlySpan<byte>, long, bool> received,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var connection = new MqttConnection(topics, received, time, address[MqttKind.Version] != "3.1.1");
        try
        {
            connection.Connect(address, topics, will, cancellation);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override void Begin() { }

    /// <summary>Sends an action; returns when the network has it. For one thread.</summary>
    /// <exception cref="RobotLostException">It could not be sent in time; the session is given up.</exception>
    public void Send(ReadOnlyMemory<byte> utf8, TimeSpan longest)
    {
        _limit.CancelAfter(longest);
        try
        {
            _action.Payload = new ReadOnlySequence<byte>(utf8);
            _client.PublishAsync(_action, _limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException e)
        {
            Fail($"the broker has taken no message for {longest.TotalMilliseconds:0} ms");
            throw new RobotLostException(Failure!, e);
        }
        catch (Exception e) when (IsOfSession(e))
        {
            Fail($"the connection to the broker was lost: {OneLine.Of(e.Message, ShownCharacters)}");
            throw new RobotLostException(Failure!, e);
        }

        if (_limit.TryReset())
            return;
        _limit.Dispose();
        _limit = new CancellationTokenSource();
    }

    public override void Close()
    {
        Volatile.Write(ref _isClosing, 1);
        try
        {
            using var limit = new CancellationTokenSource(LongestGoodBye);
            // A good-bye: the broker forgets the last will.
            _client
                .DisconnectAsync(new MqttClientDisconnectOptionsBuilder().Build(), limit.Token)
                .GetAwaiter()
                .GetResult();
        }
        catch (Exception e) when (IsOfSession(e) || e is OperationCanceledException)
        {
            // It is gone as it is.
        }
    }

    public override void Dispose()
    {
        Volatile.Write(ref _isClosing, 1);
        _client.Dispose();
    }

    private static bool IsOfSession(Exception e) =>
        e is MqttCommunicationException or IOException or ObjectDisposedException or InvalidOperationException;

    private void Connect(NetworkAddress address, MqttTopics topics, byte[] will, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(address.Timeout);
        try
        {
            var result = _client.ConnectAsync(Options(address, topics, will), limit.Token).GetAwaiter().GetResult();
            if (result.ResultCode != MqttClientConnectResultCode.Success)
                throw new RobotException(Refused(result));
            if (topics.State is { } state)
                Subscribe(state, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new RobotException(
                $"no connection {WireFailure.Within(address.Timeout)}: is it the right address, and does the broker "
                    + "run?",
                e
            );
        }
        catch (Exception e) when (IsOfSession(e) || e is MqttProtocolViolationException)
        {
            throw new RobotException(
                WireFailure.OfNetwork(e, "the broker")
                    ?? $"does not speak MQTT: {OneLine.Of(e.InnerException?.Message ?? e.Message, ShownCharacters)}",
                e
            );
        }
    }

    private MqttClientOptions Options(NetworkAddress address, MqttTopics topics, byte[] will)
    {
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer(address.Host.Trim('[', ']'), address.Port)
            .WithProtocolVersion(_isFive ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
            .WithClientId($"vla-{Guid.NewGuid():N}")
            .WithCleanStart()
            .WithKeepAlivePeriod(KeepAlive)
            .WithTimeout(address.Timeout)
            .WithTryPrivate(false)
            .WithWillTopic(topics.Action)
            .WithWillPayload(will)
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        if (_isFive)
            options.WithMaximumPacketSize(StateJson.Longest);
        if (address[MqttKind.User] is { } user)
            options.WithCredentials(user, MqttKind.ReadPassword(address) ?? "");
        if (address.IsSecure)
            options.WithTlsOptions(tls => Trust(tls, address));
        return options.Build();
    }

    private static void Trust(MqttClientTlsOptionsBuilder tls, NetworkAddress address)
    {
        tls.UseTls().WithTargetHost(address.Host.Trim('[', ']'));
        if (address[NetworkOption.Certificate] is not { } file)
            return;
        var check = WireCertificate.Check(file, (why, inner) => new RobotException(why, inner));
        tls.WithCertificateValidationHandler(given =>
            check(given, given.Certificate, given.Chain, given.SslPolicyErrors)
        );
    }

    private static string Refused(MqttClientConnectResult result) =>
        result.ResultCode switch
        {
            MqttClientConnectResultCode.NotAuthorized or MqttClientConnectResultCode.BadUserNameOrPassword =>
                "the broker wants another name or password: give user=NAME and password=FILE",
            MqttClientConnectResultCode.UnsupportedProtocolVersion =>
                "the broker does not speak MQTT 5: give version=3.1.1",
            var code =>
                $"the broker refuses: {code} {OneLine.Of(result.ReasonString ?? "", ShownCharacters)}".TrimEnd(),
        };

    private void Subscribe(string topic, CancellationToken cancellation)
    {
        var filter = new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(wanted =>
            {
                wanted.WithTopic(topic).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtMostOnce);
                if (_isFive)
                    wanted.WithRetainHandling(MqttRetainHandling.DoNotSendOnSubscribe);
            })
            .Build();
        var answer = _client.SubscribeAsync(filter, cancellation).GetAwaiter().GetResult();
        foreach (var item in answer.Items)
        {
            if ((int)item.ResultCode >= 0x80)
                throw new RobotException($"the broker does not let it hear the topic '{topic}': {item.ResultCode}");
        }
    }

    private Task Disconnected(MqttClientDisconnectedEventArgs ended)
    {
        if (Volatile.Read(ref _isClosing) == 0)
        {
            var why = ended.Exception is { } e ? e.InnerException?.Message ?? e.Message : $"{ended.Reason}";
            Fail($"the connection to the broker was lost: {OneLine.Of(why, ShownCharacters)}");
        }

        return Task.CompletedTask;
    }

    private Task Received(MqttApplicationMessageReceivedEventArgs received)
    {
        var arrivedNs = _time.NowNs();
        var payload = received.ApplicationMessage.Payload;
        if (payload.Length > StateJson.Longest)
        {
            Fail($"it sent a message of more than {StateJson.Longest >> 10} KiB");
            return Task.CompletedTask;
        }

        if (payload.IsSingleSegment)
        {
            _received(this, payload.FirstSpan, arrivedNs, received.ApplicationMessage.Retain);
            return Task.CompletedTask;
        }

        if (_joined.Length < payload.Length)
            _joined = new byte[payload.Length];
        payload.CopyTo(_joined);
        _received(this, _joined.AsSpan(0, (int)payload.Length), arrivedNs, received.ApplicationMessage.Retain);
        return Task.CompletedTask;
    }
}
