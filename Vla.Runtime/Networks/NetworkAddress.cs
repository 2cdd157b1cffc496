using System.Globalization;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Robots;

namespace Vla.Runtime.Networks;

/// <summary>
/// Where something listens that is driven or seen over a network, and how to talk to it:
/// <c>ws://HOST:PORT/PATH?profile=FILE</c>.
/// </summary>
internal sealed record NetworkAddress
{
    private const int LargestPort = 65_535;
    private const int UsualTimeoutMs = 5_000;

    /// <summary>As it is written before the colon.</summary>
    public required string Scheme { get; init; }

    /// <summary>Whether TLS is spoken.</summary>
    public required bool IsSecure { get; init; }

    /// <summary>A name or an address.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>With its slash; <c>/</c> for none.</summary>
    public required string Path { get; init; }

    private Dictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Without what follows the question mark, for messages and as a name.</summary>
    public string Where =>
        string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{Host}:{Port}{(Path == "/" ? "" : Path)}");

    /// <summary>How long connecting, and what is first said, may take.</summary>
    public TimeSpan Timeout => TimeSpan.FromMilliseconds(NetworkOption.Whole(this["timeout"] ?? "") ?? UsualTimeoutMs);

    /// <summary>What was given for an option; null for nothing.</summary>
    public string? this[string option] => Options.GetValueOrDefault(option);

    /// <inheritdoc cref="this[string]"/>
    public string? this[NetworkOption option] => this[option.Name];

    /// <summary>Reads a text; null when it names something else.</summary>
    /// <param name="text">As given.</param>
    /// <param name="what">What it is to be, for messages: <c>robot</c>.</param>
    /// <param name="form">What is spoken there.</param>
    /// <param name="options">Those that this thing may have.</param>
    /// <param name="refuse">Makes the exception for one that is written wrongly.</param>
    public static NetworkAddress? Read(
        string text,
        string what,
        NetworkForm form,
        IReadOnlyList<NetworkOption> options,
        Func<string, Exception> refuse
    )
    {
        if (!form.IsMeant(text))
            return null;
        var written = form.Written(options);
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Host.Length == 0
            || uri.Fragment.Length > 0
            || (!form.HasPath && uri.AbsolutePath is not ("" or "/"))
        )
            throw refuse($"{what} '{text}' is no address of this kind: use {written}");
        // Whoever sees the list of processes would see it.
        if (uri.UserInfo.Length > 0)
            throw refuse($"{what} '{form.Scheme}://…' has a name or a password in its address: use {written}");
        var isSecure = uri.Scheme == form.SecureScheme;
        var port =
            uri.Port >= 0 ? uri.Port
            : isSecure ? form.SecurePort
            : form.UsualPort;
        if (port is 0 or > LargestPort)
            throw refuse($"{what} '{text}': the port is {port}; allowed is 1 to {LargestPort}");
        var given = new Dictionary<string, string>();
        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = option.Split('=', 2);
            var (name, value) = (parts[0], Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
            var known =
                options.FirstOrDefault(one => one.Name == name)
                ?? throw refuse($"{what} '{text}': '{name}' is no option of it; use {written}");
            if (!known.IsAllowed(value))
                throw refuse($"{what} '{text}': {name} is '{value}'; allowed is {known.Allowed}");
            if (!given.TryAdd(name, value))
                throw refuse($"{what} '{text}' says '{name}' twice");
        }

        var address = new NetworkAddress
        {
            Scheme = uri.Scheme,
            IsSecure = isSecure,
            Host = uri.Host,
            Port = port,
            Path = uri.AbsolutePath.Length == 0 ? "/" : Uri.UnescapeDataString(uri.AbsolutePath),
            Options = given,
        };
        if (address[NetworkOption.Certificate] is not null && !address.IsSecure)
        {
            throw refuse(
                $"{what} '{text}' has ca=FILE and speaks no TLS: "
                    + (form.SecureScheme is { } secure ? $"begin it with {secure}://" : "this kind has none")
            );
        }

        return address;
    }

    /// <summary>The same with paths that count from a folder.</summary>
    public NetworkAddress RelativeTo(string folder, IEnumerable<NetworkOption> options) =>
        this with
        {
            Options = Options.ToDictionary(
                option => option.Key,
                option =>
                    options.Any(known => known.IsFile && known.Name == option.Key)
                        ? System.IO.Path.GetFullPath(option.Value, folder)
                        : option.Value
            ),
        };

    /// <summary>The key in its file; null where none is named.</summary>
    /// <exception cref="RobotException">It cannot be read, others can read it, or it is no key.</exception>
    public string? ReadKey() =>
        this[NetworkOption.Key] is { } file ? WireKey.Read(file, (why, inner) => new RobotException(why, inner)) : null;

    /// <summary>As it is written.</summary>
    public override string ToString()
    {
        var options = Options.Select(option => $"{option.Key}={Escaped(option.Value)}");
        return Options.Count == 0 ? Where : $"{Where}?{string.Join('&', options)}";

        static string Escaped(string value) =>
            Uri.EscapeDataString(value).Replace("%2F", "/").Replace("%2C", ",").Replace("%3A", ":");
    }

    public bool Equals(NetworkAddress? other) => other is not null && $"{this}" == $"{other}";

    public override int GetHashCode() => $"{this}".GetHashCode(StringComparison.Ordinal);
}
