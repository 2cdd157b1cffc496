using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Vla.Tests.Runtime.Networks.Mqtt;

/// <summary>A broker of this process, and a robot that is connected to it.</summary>
internal sealed class BrokerPeer : IDisposable
{
    private readonly MqttServer _broker;
    private readonly IMqttClient _robot = new MqttClientFactory().CreateMqttClient();
    private readonly BlockingCollection<(JsonElement Action, MqttApplicationMessage Message)> _told = [];
    private readonly ConcurrentQueue<string> _clients = [];

    /// <param name="port">Where it listens.</param>
    /// <param name="password">What clients have to show; null for nothing.</param>
    public BrokerPeer(int port, string? password = null)
    {
        Port = port;
        var options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointBoundIPAddress(System.Net.IPAddress.Loopback)
            .WithDefaultEndpointPort(port)
            .Build();
        _broker = new MqttServerFactory().CreateMqttServer(options);
        _broker.ValidatingConnectionAsync += client =>
        {
            if (password is not null && client.ClientId != "robot" && client.Password != password)
                client.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            return Task.CompletedTask;
        };
        _broker.ClientSubscribedTopicAsync += client =>
        {
            if (client.ClientId != "robot")
                _clients.Enqueue(client.ClientId);
            return Task.CompletedTask;
        };
        _broker.StartAsync().Wait(RobotPeer.Patience);
        _robot.ApplicationMessageReceivedAsync += received =>
        {
            var message = received.ApplicationMessage;
            _told.Add((JsonSerializer.Deserialize<JsonElement>(message.ConvertPayloadToString()), message));
            return Task.CompletedTask;
        };
        _robot
            .ConnectAsync(
                new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("robot").Build(),
                CancellationToken.None
            )
            .Wait(RobotPeer.Patience);
        _robot
            .SubscribeAsync(
                new MqttClientSubscribeOptionsBuilder()
                    .WithTopicFilter(filter => filter.WithTopic("arm/action").WithAtLeastOnceQoS())
                    .Build(),
                CancellationToken.None
            )
            .Wait(RobotPeer.Patience);
    }

    public int Port { get; }

    /// <summary>Whether the controller listens to the states.</summary>
    public bool IsListenedTo => !_clients.IsEmpty;

    public (JsonElement Action, MqttApplicationMessage Message) NextTold() =>
        _told.TryTake(out var told, RobotPeer.Patience) ? told : throw new TimeoutException("it has not come");

    /// <summary>What the robot was told since it was last asked.</summary>
    public IEnumerable<JsonElement> Drain()
    {
        while (_told.TryTake(out var told))
            yield return told.Action;
    }

    /// <summary>The robot says something.</summary>
    public Task SayAsync(string text, bool retain = false) => SayAsync(Encoding.UTF8.GetBytes(text), retain);

    public Task SayAsync(byte[] bytes, bool retain = false) =>
        _robot.PublishAsync(
            new MqttApplicationMessage
            {
                Topic = "arm/state",
                PayloadSegment = bytes,
                Retain = retain,
            },
            CancellationToken.None
        );

    /// <summary>Cuts the controller off without a word.</summary>
    public async Task CutOffAsync()
    {
        foreach (var client in await _broker.GetClientsAsync())
        {
            if (client.Id != "robot")
                await client.DisconnectAsync(
                    new MqttServerClientDisconnectOptions { ReasonCode = MqttDisconnectReasonCode.UnspecifiedError }
                );
        }
    }

    public void Dispose()
    {
        _robot.Dispose();
        _broker.StopAsync().Wait(RobotPeer.Patience);
        _broker.Dispose();
    }
}
