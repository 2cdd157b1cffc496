using System.Net;

namespace Vla.Runtime.Http;

/// <summary>Reads and checks where the HTTP API shall listen.</summary>
internal static class HttpAddress
{
    /// <summary>Reads <c>http://127.0.0.1:5080</c> or <c>off</c>.</summary>
    /// <returns>The address; null for <c>off</c>.</returns>
    /// <exception cref="UsageException">Not an address of this machine in numbers, nor localhost.</exception>
    public static Uri? Parse(string text)
    {
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase))
            return null;

        var isAddress =
            Uri.TryCreate(text, UriKind.Absolute, out var address)
            && address.Scheme == Uri.UriSchemeHttp
            && address.PathAndQuery == "/"
            && address.UserInfo.Length == 0;
        if (!isAddress)
            throw new UsageException(
                $"http is '{text}': allowed is http://127.0.0.1:PORT, http://ADDRESS:PORT (with a token), or off"
            );

        // The server would listen on every address for a name that it does not know.
        if (!IsThisMachine(address!.Host) && !IPAddress.TryParse(address.Host.Trim('[', ']'), out _))
            throw new UsageException(
                $"http is '{text}': give the address in numbers, such as http://0.0.0.0:{address.Port}"
            );

        return address;
    }

    /// <summary>Whether a host, a name or an address as in a URL, can only mean this machine.</summary>
    public static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>
    /// Who an address counts as: itself, and for IPv6 its network, of which one machine may have any number of
    /// addresses.
    /// </summary>
    public static IPAddress Client(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
            return address;

        const int networkBytes = 8;
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, networkBytes, bytes.Length - networkBytes);
        return IPAddress.IsLoopback(address) ? address : new IPAddress(bytes);
    }
}
