using System.Net;

namespace Vla.Runtime.Http;

/// <summary>Reads and checks where the HTTP API shall listen.</summary>
public static class HttpAddress
{
    /// <summary>Reads <c>http://127.0.0.1:5080</c> or <c>off</c>.</summary>
    /// <returns>The address; null for <c>off</c>.</returns>
    /// <exception cref="UsageException">Not an address, or one that other machines could reach.</exception>
    public static Uri? Parse(string text)
    {
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase)) return null;

        var isAddress = Uri.TryCreate(text, UriKind.Absolute, out var address)
            && address.Scheme == Uri.UriSchemeHttp && address.PathAndQuery == "/" && address.UserInfo.Length == 0;
        if (!isAddress) throw new UsageException($"http is '{text}': allowed is http://127.0.0.1:PORT or off");

        // Whoever reaches the API can steer the robot, and it does not ask who that is.
        if (!IsThisMachine(address!.Host))
        {
            throw new UsageException(
                $"http is '{text}', which other machines can reach: use http://127.0.0.1:{address!.Port} and, from elsewhere, an SSH tunnel");
        }

        return address;
    }

    /// <summary>Whether a host, a name or an address as in a URL, can only mean this machine.</summary>
    public static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
