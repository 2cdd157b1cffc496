using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Remote;

/// <summary>Why a policy server cannot be talked to, in words.</summary>
internal static class WireFailure
{
    private const int Shown = 300;

    /// <summary>What the network or TLS had against it; null where it was something else.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="peer">Who was to listen there.</param>
    public static string? OfNetwork(Exception exception, string peer = "the policy server")
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return $"nobody listens there (connection refused): start {peer}, or give its address";
                case SocketException
                {
                    SocketErrorCode: SocketError.ConnectionReset
                        or SocketError.ConnectionAborted
                        or SocketError.Shutdown
                }:
                    return $"was lost: {OneLine.Of(inner.Message, Shown)}";
                case SocketException socket:
                    return $"cannot be reached: {OneLine.Of(socket.Message, Shown)}";
                case AuthenticationException tls:
                    return $"its TLS cannot be trusted: {OneLine.Of(tls.Message, Shown)}; give ca=FILE with the "
                        + "certificate that it, or who signed it, has, and its host as that names it";
            }
        }

        return null;
    }

    /// <summary>How long was waited.</summary>
    public static string Within(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"within {time.TotalSeconds:0.###} s");

    /// <summary>Nobody took the connection for so long.</summary>
    public static string NoConnection(TimeSpan time) =>
        $"no connection {Within(time)}: is it the right address, and does the server run?";

    /// <summary>A server that refused the key, or that there was none.</summary>
    /// <param name="httpStatus">How it said so; null for a protocol without HTTP.</param>
    public static string OtherKey(int? httpStatus = null) =>
        $"wants to be shown another key{(httpStatus is { } status ? $" (HTTP {status})" : "")}: give key=FILE";
}
