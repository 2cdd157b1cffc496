using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Vla.Tests.Runtime.Http;

/// <summary>Requests in forms that are right but less usual.</summary>
public sealed class RequestMethodsTests : IAsyncLifetime
{
    private ApiRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await ApiRig.StartAsync(withToken: false);
        _rig.Tick();
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Head_answers_as_get_does_without_the_body()
    {
        var get = await _rig.Client().GetAsync("/openapi/v1.json");
        var head = await _rig.Client().SendAsync(new HttpRequestMessage(HttpMethod.Head, "/openapi/v1.json"));

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        var nowhere = await _rig.Client().SendAsync(new HttpRequestMessage(HttpMethod.Head, "/nowhere"));
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/stop", 405, "OPTIONS, POST")]
    [InlineData("HEAD", "/stop", 405, "OPTIONS, POST")]
    [InlineData("PUT", "/instruction", 405, "OPTIONS, POST")]
    [InlineData("DELETE", "/healthz", 405, "GET, HEAD, OPTIONS")]
    [InlineData("BREW", "/resume/", 405, "OPTIONS, POST")]
    [InlineData("OPTIONS", "/stop", 204, "OPTIONS, POST")]
    [InlineData("OPTIONS", "/healthz", 204, "GET, HEAD, OPTIONS")]
    public async Task A_method_that_is_not_taken_is_answered_with_those_that_are(
        string method,
        string path,
        int code,
        string allow
    )
    {
        var answer = await _rig.Client().SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal((code, allow), ((int)answer.StatusCode, string.Join(", ", answer.Content.Headers.Allow)));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(code == 405 && method != "HEAD", text.Contains("does not take", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/nowhere")]
    [InlineData("POST", "/nowhere.txt")]
    [InlineData("GET", "/%2e%2e/etc/passwd")]
    [InlineData("OPTIONS", "/nowhere")]
    public async Task A_path_that_is_not_there_is_said_in_json(string method, string path)
    {
        var answer = await _rig.Client().SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.StartsWith(
            """{"error":"not here: GET /""",
            await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("GET /openapi/v1.json HTTP/1.0\r\n\r\n", 200)]
    [InlineData("HEAD /openapi/v1.json HTTP/1.0\r\n\r\n", 200)]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /openapi/v1.json/ HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 200)]
    [InlineData("GET http://127.0.0.1:PORT/openapi/v1.json HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 200)]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: localhost.\r\n\r\n", 200)]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: LOCALHOST:1\r\n\r\n", 200)]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: robot.localhost:8080\r\n\r\n", 200)]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: [::1]:PORT\r\n\r\n", 200)]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: 192.168.0.7\r\n\r\n", 403)]
    [InlineData("GET /openapi/v1.json HTTP/1.1\r\nHost: localhost.example\r\n\r\n", 403)]
    [InlineData("GET /openapi/v1.json HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403)]
    [InlineData("GET /openapi/v1.json HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n", 403)]
    public async Task A_request_that_names_this_machine_or_nobody_is_served(string request, int code)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _rig.Address.Port);
        var stream = client.GetStream();
        var text = request.Replace(
            "PORT",
            _rig.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            StringComparison.Ordinal
        );
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(stream, Encoding.ASCII);

        Assert.StartsWith($"HTTP/1.1 {code} ", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }
}
