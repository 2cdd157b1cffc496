using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Remote.OpenVla;

/// <summary>HTTP to a server with <c>POST /act</c>; one connection, which is kept open.</summary>
internal sealed class OpenVlaConnection : WireConnection
{
    /// <summary>Where a Vla server says what its policy takes and gives; others answer that there is nothing.</summary>
    public const string DescriptionPath = "/vla";

    private const int Shown = 300;

    private readonly WireAddress _address;
    private readonly HttpClient _http;
    private readonly Uri _act;

    private OpenVlaConnection(WireAddress address)
    {
        _address = address;
        _act = address.Url("http", "/act");
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                MaxConnectionsPerServer = 1,
                SslOptions = { RemoteCertificateValidationCallback = WireCertificate.Check(address) },
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LongestMessage,
        };
        if (address.KeyFile is { } file)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", WireKey.Read(file));
    }

    /// <summary>Looks whether there is a server, and whether it is a Vla.</summary>
    /// <exception cref="PolicyException">There is none, in words.</exception>
    public static OpenVlaConnection Open(WireAddress address)
    {
        var connection = new OpenVlaConnection(address);
        try
        {
            connection.Metadata = connection.Describe();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Exchange(ReadOnlyMemory<byte> request, TimeSpan timeout)
    {
        using var content = new ReadOnlyMemoryContent(request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var message = new HttpRequestMessage(HttpMethod.Post, _act) { Content = content };
        var (status, body) = Send(message, timeout, "gave no answer");
        return status switch
        {
            HttpStatusCode.OK => body,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw Failed(WireFailure.OtherKey((int)status)),
            HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed => throw Failed(
                $"has no POST /act (HTTP {(int)status}): it is no server of OpenVLA's protocol"
            ),
            _ => throw Failed($"answered HTTP {(int)status}{Why(body)}"),
        };
    }

    /// <inheritdoc/>
    public override void Dispose() => _http.Dispose();

    private WireMap Describe()
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, _address.Url("http", DescriptionPath));
        var (status, body) = Send(message, _address.Timeout, "no answer");
        if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            throw Failed(WireFailure.OtherKey((int)status));
        if (status != HttpStatusCode.OK)
            return new WireMap();
        try
        {
            return WireJson.Read(body);
        }
        catch (WireException)
        {
            // Some web page: whether it is a policy's server too is seen when it is asked.
            return new WireMap();
        }
    }

    private (HttpStatusCode Status, byte[] Body) Send(HttpRequestMessage message, TimeSpan timeout, string late)
    {
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            using var answer = _http
                .SendAsync(message, HttpCompletionOption.ResponseContentRead, limit.Token)
                .GetAwaiter()
                .GetResult();
            return (
                answer.StatusCode,
                answer.Content.ReadAsByteArrayAsync(CancellationToken.None).GetAwaiter().GetResult()
            );
        }
        catch (OperationCanceledException e)
        {
            throw Failed($"{late} {WireFailure.Within(timeout)}", e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw Failed($"sent a message of more than {LongestMessage >> 20} MiB", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Failed(WireFailure.OfNetwork(e) ?? $"was lost: {Inner(e)}", e);
        }
    }

    private PolicyException Failed(string what, Exception? inner = null) => new($"{_address.Where}: {what}", inner);

    private static string Inner(Exception e) => OneLine.Of((e.InnerException ?? e).Message, Shown);

    // FastAPI's {"detail": …}, a Vla's {"error": …}, or whatever it is.
    private static string Why(byte[] body)
    {
        try
        {
            var map = WireJson.Read(body);
            if (map.Find("error") is WireItem.Text { Value: var error })
                return $": {OneLine.Of(error, Shown)}";
            if (map.Find("detail") is WireItem.Text { Value: var detail })
                return $": {OneLine.Of(detail, Shown)}";
        }
        catch (WireException)
        {
            // It is shown as it is.
        }

        var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 4 * Shown)));
        return text.Length == 0 ? "" : $": {OneLine.Of(text, Shown)}";
    }
}
