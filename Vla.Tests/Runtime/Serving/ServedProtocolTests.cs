using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime;
using Vla.Runtime.Http;
using Vla.Runtime.Serving;

namespace Vla.Tests.Runtime.Serving;

/// <summary>Several protocols of one process, over TLS and without it.</summary>
public sealed class ServedProtocolTests
{
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly string[] Axes = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"];

    [Fact]
    public async Task One_process_speaks_several_protocols_each_at_its_address()
    {
        await using var server = await ServedTabletop.StartAsync(
            ServedTabletop.Options("openpi", "openvla", "gr00t", "vla-eval", "robo-evals")
        );

        Assert.Equal(5, server.Addresses.Select(address => address.Port).Distinct().Count());
        foreach (var (scheme, address) in new[] { "openpi", "openvla+http", "gr00t" }.Zip(server.Addresses))
        {
            var policy = RemotePolicy.Load(WireAddress.Parse($"{scheme}://127.0.0.1:{address.Port}"));
            Assert.Equal("tabletop", policy.Info.Name);
            Assert.Equal(Axes, policy.Action.Names);
        }
    }

    [LinuxFact]
    public async Task TLS_is_spoken_with_a_certificate_of_ones_own_and_trusted_by_its_file()
    {
        using var folder = new TemporaryDirectory();
        var certificate = Certificate(folder, "server");
        Certificate(folder, "other");
        await using var server = await ServedTabletop.StartAsync(
            ServedTabletop.Options() with
            {
                Certificate = certificate,
                Places =
                [
                    ServedTabletop.Place("openpi", scheme: "https"),
                    ServedTabletop.Place("openvla", scheme: "https"),
                ],
            }
        );

        foreach (var (scheme, address) in new[] { "openpi+tls", "openvla+https" }.Zip(server.Addresses))
        {
            var url = $"{scheme}://127.0.0.1:{address.Port}";
            var trusted = RemotePolicy.Load(WireAddress.Parse($"{url}?ca={folder.File("server.pem")}"));
            Assert.Equal("tabletop", trusted.Info.Name);
            foreach (var options in new[] { "", $"?ca={folder.File("other.pem")}" })
            {
                var refusal = Assert.Throws<PolicyException>(() => RemotePolicy.Load(WireAddress.Parse(url + options)));
                Assert.Contains("its TLS cannot be trusted", refusal.Message, Ordinal);
            }

            // Trusted, and yet of another name.
            var elsewhere = $"{scheme}://localhost:{address.Port}?ca={folder.File("server.pem")}";
            Assert.Throws<PolicyException>(() => RemotePolicy.Load(WireAddress.Parse(elsewhere)));
        }
    }

    [Theory]
    [InlineData("openpi,openvla,gr00t", "", "http://127.0.0.1:8000/ http://127.0.0.1:8001/ http://127.0.0.1:5555/")]
    [InlineData("openvla", "", "http://127.0.0.1:8000/")]
    [InlineData("openvla", "127.0.0.1:9", "http://127.0.0.1:9/")]
    [InlineData("openpi,openvla", "openvla=http://127.0.0.1:8000", "http://127.0.0.1:8001/ http://127.0.0.1:8000/")]
    [InlineData("gr00t", "gr00t=tcp://127.0.0.1:7", "http://127.0.0.1:7/")]
    public void Addresses_are_given_or_found(string protocols, string listen, string expected) =>
        Assert.Equal(expected, string.Join(' ', Read(protocols, listen).Select(one => one.Address)));

    [Theory]
    [InlineData("openpi,ros", "", "--protocol is 'openpi,ros': allowed is any of openpi, openvla, gr00t")]
    [InlineData("openpi,openpi", "", "one is there twice")]
    [InlineData("", "", "--protocol is ''")]
    [InlineData("openpi,openvla", "127.0.0.1:9", "begin it with one of openpi=, openvla=")]
    [InlineData("openpi", "gr00t=127.0.0.1:9", "begin it with one of openpi=, or with the address")]
    [InlineData("openpi", "0.0.0.0:9", "which other machines can reach")]
    [InlineData("gr00t", "0.0.0.0:9", "which other machines can reach")]
    [InlineData("openpi", "https://127.0.0.1:9", "give --tls-certificate FILE and --tls-key FILE too")]
    [InlineData("openpi", "ftp://127.0.0.1:9", "allowed is http://127.0.0.1:PORT")]
    [InlineData("openpi", "127.0.0.1:9 127.0.0.1:10", "gives two addresses for openpi")]
    public void What_is_written_wrongly_is_refused_with_what_is_allowed(
        string protocols,
        string listen,
        string expected
    ) => Assert.Contains(expected, Assert.Throws<UsageException>(() => Read(protocols, listen)).Message, Ordinal);

    [Fact]
    public async Task What_is_wrong_with_a_request_of_OpenVLAs_is_said_with_a_status()
    {
        await using var server = await ServedTabletop.StartAsync(
            ServedTabletop.Options("openvla") with
            {
                Token = HttpToken.Read("a-token-of-the-test-0123", ""),
            }
        );
        using var http = new HttpClient { BaseAddress = server.Address };

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.PostAsJsonAsync("/act", new JsonObject())).StatusCode);
        http.DefaultRequestHeaders.Authorization = new("Bearer", "a-token-of-the-test-0123");
        foreach (
            var (body, expected) in new[]
            {
                ("{}", "no 'image'"),
                ("[1", "no JSON"),
                ("{\"encoded\": 1}", "'encoded' is no text"),
                ("{\"encoded\": \"{}\", \"image\": 1}", "beside 'encoded' there can be nothing else"),
                ("{\"image\": 1}", "image is a number, not an array"),
                (new string('[', 100), "no JSON"),
            }
        )
        {
            var answer = await http.PostAsync("/act", new StringContent(body));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["error"]!.GetValue<string>();
            Assert.Contains(expected, error, Ordinal);
        }

        Assert.Contains("\"policy\":\"tabletop\"", await http.GetStringAsync("/vla"), Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task Requests_and_their_time_are_counted_by_protocol()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("robo-evals"));
        using var counted = new System.Diagnostics.Metrics.MeterListener();
        var seen = new List<string>();
        counted.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == server.Metrics.Meter)
                listener.EnableMeasurementEvents(instrument);
        };
        counted.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
            {
                lock (seen)
                    seen.Add($"{instrument.Name} {value} {string.Join(' ', tags.ToArray().Select(tag => tag.Value))}");
            }
        );
        counted.Start();
        using var http = new HttpClient { BaseAddress = server.Address };

        var answer = await http.PostAsJsonAsync("/act", new { observation = new { state = new[] { 1 } } });

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("vla.serve.requests 1 robo-evals refused", seen);
    }

    private static IReadOnlyList<(ServedProtocol Protocol, Uri Address)> Read(string protocols, string listen) =>
        ServedAddresses.Read(
            protocols,
            listen.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            isSecret: false,
            isSecure: false
        );

    private static ServerCertificate Certificate(TemporaryDirectory folder, string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=vla", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        File.WriteAllText(folder.File($"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(folder.File($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.File($"{name}.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return ServerCertificate.Read(folder.File($"{name}.pem"), folder.File($"{name}.key"));
    }
}
