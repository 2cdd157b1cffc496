namespace Vla.Runtime.Networks;

/// <summary>How the addresses of one wire are written.</summary>
/// <param name="Scheme">Before the colon: <c>ws</c>.</param>
/// <param name="SecureScheme">The same with TLS; null where there is none.</param>
/// <param name="UsualPort">Where none is given.</param>
/// <param name="Tail">What may follow the host, for messages: <c>[:PORT][/PATH]</c>.</param>
internal sealed record NetworkForm(string Scheme, string? SecureScheme, int UsualPort, string Tail)
{
    /// <summary>The usual port with TLS.</summary>
    public int SecurePort { get; init; } = UsualPort;

    /// <summary>Whether there is something behind host and port.</summary>
    public bool HasPath => Tail.Contains('/');

    /// <summary>Whether a text is meant for one, however wrong it is.</summary>
    public bool IsMeant(string text)
    {
        return Begins(Scheme) || Begins(SecureScheme);

        bool Begins(string? scheme) =>
            scheme is not null && text.StartsWith(scheme + ":", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>How it is written, for messages and help.</summary>
    public string Written(IReadOnlyList<NetworkOption> options)
    {
        var secure = SecureScheme is null ? "" : $" (with TLS {SecureScheme}://)";
        return options.Count == 0
            ? $"{Scheme}://HOST{Tail}{secure}"
            : $"{Scheme}://HOST{Tail}{secure} and ?{string.Join('&', options)}";
    }
}
