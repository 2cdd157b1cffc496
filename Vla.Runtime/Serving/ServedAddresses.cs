using Vla.Runtime.Http;

namespace Vla.Runtime.Serving;

/// <summary>
/// Reads which protocols are spoken, and where: <c>openpi,gr00t</c>, <c>gr00t=127.0.0.1:5555</c>.
/// </summary>
internal static class ServedAddresses
{
    private const string Loopback = "127.0.0.1";

    /// <param name="protocols">Names, with commas between them.</param>
    /// <param name="listen">Addresses; with several protocols each after one's name and <c>=</c>.</param>
    /// <param name="isSecret">Whether clients have to show a token, without which only loopback is listened at.</param>
    /// <param name="isSecure">Whether TLS is spoken.</param>
    /// <exception cref="UsageException">Something is written wrongly, or there twice.</exception>
    public static IReadOnlyList<(ServedProtocol Protocol, Uri Address)> Read(
        string protocols,
        IReadOnlyList<string> listen,
        bool isSecret,
        bool isSecure
    )
    {
        var names = protocols.Split(',', StringSplitOptions.TrimEntries);
        var chosen = names
            .Select(name =>
                ServedProtocol.Find(name)
                ?? throw new UsageException(
                    $"--protocol is '{protocols}': allowed is any of "
                        + $"{string.Join(", ", ServedProtocol.All.Select(one => one.Name))}, with commas between them"
                )
            )
            .ToList();
        if (chosen.Distinct().Count() < chosen.Count)
            throw new UsageException($"--protocol is '{protocols}': one is there twice");
        if (isSecure && chosen.All(one => !one.IsHttp))
            throw new UsageException(
                $"--tls-certificate: {protocols} has no TLS; listen at loopback, and tunnel (ssh -L)"
            );
        var given = new Dictionary<ServedProtocol, Uri>();
        foreach (var text in listen)
        {
            var (protocol, url) = Split(text, chosen);
            if (!given.TryAdd(protocol, Address(text, url, protocol, isSecret, isSecure)))
                throw new UsageException($"--listen gives two addresses for {protocol.Name}: one is allowed");
        }

        var taken = given.Values.Select(address => address.Port).ToHashSet();
        return [.. chosen.Select(one => (one, given.TryGetValue(one, out var address) ? address : Usual(one)))];

        Uri Usual(ServedProtocol protocol)
        {
            var port = protocol.UsualPort;
            while (!taken.Add(port))
                port++;
            return new UriBuilder(isSecure && protocol.IsHttp ? "https" : "http", Loopback, port).Uri;
        }
    }

    /// <summary>Where it is asked how the server is, besides the addresses that are over HTTP.</summary>
    /// <param name="text"><c>http://127.0.0.1:PORT</c>, <c>off</c>, or null: where no protocol is over HTTP, the port
    /// after the first one's.</param>
    /// <param name="places">Where the protocols are spoken.</param>
    /// <param name="isSecret">Whether there is a token.</param>
    /// <returns>Null for nowhere.</returns>
    /// <exception cref="UsageException">It is written wrongly, or taken.</exception>
    public static Uri? Health(string? text, IReadOnlyList<(ServedProtocol Protocol, Uri Address)> places, bool isSecret)
    {
        if (text is null)
            return places.Any(place => place.Protocol.IsHttp)
                ? null
                : new UriBuilder("http", Loopback, AfterThat(places[0].Address.Port)).Uri;
        Uri? address;
        try
        {
            address = HttpAddress.Parse(text.Contains("://", StringComparison.Ordinal) ? text : Completed(text));
        }
        catch (UsageException)
        {
            throw new UsageException(
                $"--health is '{text}': allowed is http://127.0.0.1:PORT, the address of this machine in numbers "
                    + "(with a token), or off"
            );
        }

        if (address is not null && !isSecret && !HttpAddress.IsThisMachine(address.Host))
            throw new UsageException(
                $"--health is '{text}', which other machines can reach: give --http-token-file FILE or set "
                    + $"{HttpToken.Variable}, or listen at http://{Loopback}:{address.Port}"
            );
        if (address is { Port: > 0 } && places.Any(place => place.Address.Port == address.Port))
            throw new UsageException($"--health is '{text}', where a protocol is spoken: give another port, or off");
        return address;

        // 0 is any that is free.
        static int AfterThat(int port) =>
            port switch
            {
                0 => 0,
                ushort.MaxValue => port - 1,
                _ => port + 1,
            };

        static string Completed(string text) =>
            text.Equals("off", StringComparison.OrdinalIgnoreCase) ? text : $"http://{text}";
    }

    private static (ServedProtocol Protocol, string Url) Split(string text, List<ServedProtocol> chosen)
    {
        var (name, url) = text.Split('=', 2) is [var first, var second] ? (first, second) : ("", text);
        if (name.Length == 0 && chosen.Count == 1)
            return (chosen[0], url);
        return chosen.Find(one => one.Name == name) is { } protocol
            ? (protocol, url)
            : throw new UsageException(
                $"--listen is '{text}': begin it with one of "
                    + string.Join(", ", chosen.Select(one => $"{one.Name}="))
                    + (chosen.Count == 1 ? ", or with the address" : "")
            );
    }

    /// <summary>As the HTTP API's, or <c>HOST:PORT</c> alone.</summary>
    private static Uri Address(string text, string url, ServedProtocol protocol, bool isSecret, bool isSecure)
    {
        var schemeEnd = url.IndexOf("://", StringComparison.Ordinal);
        var scheme = schemeEnd < 0 ? "" : url[..schemeEnd].ToLowerInvariant();
        var rest = schemeEnd < 0 ? url : url[(schemeEnd + 3)..];
        if (scheme is not ("" or "http" or "https" or "ws" or "wss" or "tcp"))
            throw Wrong();
        Uri? address;
        try
        {
            address = HttpAddress.Parse($"http://{rest}");
        }
        catch (UsageException)
        {
            throw Wrong();
        }

        if (address is null)
            throw Wrong();
        var isSecured = scheme is "https" or "wss" || (scheme.Length == 0 && isSecure && protocol.IsHttp);
        if (isSecured && !isSecure)
            throw new UsageException($"--listen is '{text}': give --tls-certificate FILE and --tls-key FILE too");
        if (isSecured && !protocol.IsHttp)
            throw new UsageException($"--listen is '{text}': the protocol {protocol.Name} has no TLS");
        if (!isSecured && isSecure && protocol.IsHttp)
            throw new UsageException($"--listen is '{text}', and there is a --tls-certificate: begin it with https://");
        if (!isSecret && !HttpAddress.IsThisMachine(address.Host))
            throw new UsageException(
                $"--listen is '{text}', which other machines can reach: give --http-token-file FILE or set "
                    + $"{HttpToken.Variable}, or listen at http://{Loopback}:{address.Port}"
            );
        return isSecured ? new UriBuilder(address) { Scheme = "https", Port = address.Port }.Uri : address;

        UsageException Wrong() =>
            new(
                $"--listen is '{text}': allowed is http://127.0.0.1:PORT, or the address of this machine in numbers "
                    + "(with a token)"
            );
    }
}
