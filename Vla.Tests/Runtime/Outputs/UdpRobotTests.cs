using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Outputs;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Outputs;

public class UdpRobotTests
{
    [Fact]
    public void Every_action_is_a_datagram_and_the_last_one_is_a_stop()
    {
        using var listener = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Client.ReceiveTimeout = 20_000;
        var clock = new ManualClock();
        using (var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [Robot(Port(listener))], clock))
        {
            loop.Tick(clock.NowNs);
            loop.Shutdown("done");
        }

        Assert.Equal((1, "hold"), Receive(listener));
        Assert.Equal((2, "stop"), Receive(listener));
    }

    [LinuxFact]
    public void Nobody_listening_is_counted_and_no_failure_and_a_late_listener_hears_the_next_action()
    {
        int port;
        using (var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
            port = Port(probe);
        using var robot = Robot(port);
        for (var i = 1; i <= 10; i++)
            robot.Apply(Make.Published(i, ControlState.Policy));
        Assert.InRange(robot.Unheard, 1, 10);

        using var listener = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
        listener.Client.ReceiveTimeout = 20_000;
        robot.Apply(Make.Published(11, ControlState.Policy));

        Assert.Equal((11, "policy"), Receive(listener));
    }

    [Fact]
    public void A_host_without_an_address_is_told_at_start()
    {
        var error = Assert.Throws<UsageException>(() => new UdpRobot("no-such-host.invalid", 9_000, Make.Profile()));

        Assert.Contains("udp://no-such-host.invalid:9000", error.Message);
    }

    private static UdpRobot Robot(int port) => new("127.0.0.1", port, Make.Profile());

    private static int Port(UdpClient client) => ((IPEndPoint)client.Client.LocalEndPoint!).Port;

    private static (long Sequence, string? State) Receive(UdpClient listener)
    {
        IPEndPoint? from = null;
        var message = JsonDocument.Parse(listener.Receive(ref from)).RootElement;
        return (message.GetProperty("sequence").GetInt64(), message.GetProperty("state").GetString());
    }
}
