using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MQTTnet;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Networks;
using Vla.Runtime.Networks.Mqtt;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Networks.Mqtt;

/// <summary>A test against mosquitto; skipped where it is not there, with what to do as the reason.</summary>
internal sealed class MosquittoFactAttribute : FactAttribute
{
    public const string Program = "/usr/sbin/mosquitto";

    public MosquittoFactAttribute() =>
        Skip = File.Exists(Program) ? null : "there is no mosquitto: apt-get install mosquitto";
}

/// <summary>A broker that nobody here wrote.</summary>
public sealed class MosquittoTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly int _open = FreePort.Find();
    private readonly int _closed = FreePort.Find();

    public void Dispose() => _folder.Dispose();

    [MosquittoFact]
    public async Task With_TLS_and_a_password_actions_and_states_pass_and_a_cut_line_ends_in_the_last_will()
    {
        using var broker = Start();
        using var peer = await ConnectPeerAsync();
        using var told = new BlockingCollection<string>();
        peer.ApplicationMessageReceivedAsync += received =>
        {
            told.Add(received.ApplicationMessage.ConvertPayloadToString());
            return Task.CompletedTask;
        };
        await peer.SubscribeAsync(
            new MqttClientSubscribeOptionsBuilder().WithTopicFilter(filter => filter.WithTopic("arm/action")).Build()
        );
        using var line = new ChaosProxy(_closed);
        var address = NetworkAddress.Read(
            $"mqtts://127.0.0.1:{line.Port}/arm?user=me&password={_folder.File("key")}&ca={_folder.File("cert.pem")}"
                + "&timeout=30000",
            "robot",
            MqttKind.Kind.Form,
            MqttKind.Kind.RobotOptions,
            why => new UsageException(why)
        )!;
        using var robot = new MqttRobot(
            address,
            Make.Profile(),
            RobotTells.PositionsOf(Make.Profile()),
            TimeProvider.System
        );
        var connecting = Task.Run(() => robot.Connect(CancellationToken.None));
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!connecting.IsCompleted && await again.WaitForNextTickAsync())
            await SayAsync(peer);
        await connecting;

        robot.Apply(Make.Published(7, ControlState.Policy));
        Assert.Contains("\"sequence\":7,", Next(told), StringComparison.Ordinal);
        line.Kill();

        Assert.Contains("the controller is gone (last will)", Next(told), StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => robot.Gone is not null, RobotPeer.Patience));
        broker.Kill();
    }

    private static string Next(BlockingCollection<string> told) =>
        told.TryTake(out var text, RobotPeer.Patience) ? text : throw new TimeoutException("it has not come");

    private static Task<MqttClientPublishResult> SayAsync(IMqttClient peer) =>
        peer.PublishAsync(
            new MqttApplicationMessage
            {
                Topic = "arm/state",
                PayloadSegment = Encoding.UTF8.GetBytes("""{"values": {"gripper": 0.5}}"""),
            }
        );

    private async Task<IMqttClient> ConnectPeerAsync()
    {
        var peer = new MqttClientFactory().CreateMqttClient();
        await peer.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", _open).Build());
        return peer;
    }

    private Process Start()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.Now.AddDays(-1), DateTimeOffset.Now.AddDays(1));
        File.WriteAllText(_folder.File("cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(_folder.File("cert.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder.File("key"), "secret\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.File("key"), UnixFileMode.UserRead);
        using (
            var passwords = Process.Start("mosquitto_passwd", ["-b", "-c", _folder.File("passwords"), "me", "secret"])
        )
            Assert.True(passwords.WaitForExit(RobotPeer.Patience));
        File.WriteAllText(
            _folder.File("mosquitto.conf"),
            $"""
            per_listener_settings true
            user {Environment.UserName}
            listener {_open} 127.0.0.1
            allow_anonymous true
            listener {_closed} 127.0.0.1
            allow_anonymous false
            password_file {_folder.File("passwords")}
            certfile {_folder.File("cert.pem")}
            keyfile {_folder.File("cert.key")}
            """
        );
        var broker = Process.Start(
            new ProcessStartInfo(MosquittoFactAttribute.Program, ["-c", _folder.File("mosquitto.conf")])
            {
                RedirectStandardError = true,
            }
        )!;
        Assert.True(SpinWait.SpinUntil(() => Listens(_open) && Listens(_closed), RobotPeer.Patience));
        return broker;
    }

    private static bool Listens(int port)
    {
        using var probe = new TcpClient();
        try
        {
            probe.Connect("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
