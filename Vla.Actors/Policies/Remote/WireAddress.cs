using System.Globalization;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>Where a policy server listens, and how to talk to it: <c>openpi://HOST:PORT?preset=libero</c>.</summary>
public sealed record WireAddress
{
    /// <summary>openpi's own.</summary>
    public const int UsualPort = 8_000;

    /// <summary>How long an answer may take, where nothing is said.</summary>
    private static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How it is written, for messages.</summary>
    public const string Form =
        "openpi://HOST:PORT, or openpi+tls://HOST:PORT, with any of ?preset=NAME, layout=FILE, pictures=NAME,NAME, "
        + "execute=N, timeout=MS, key=FILE, trial=off (& between them)";

    private const string Plain = "openpi";
    private const string Secure = "openpi+tls";
    private const int LargestPort = 65_535;
    private const int LongestTimeoutMs = 600_000;

    /// <summary>A name or an address.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Whether TLS is spoken.</summary>
    public bool IsSecure { get; init; }

    /// <summary>One of <see cref="WirePresets"/>; null for none.</summary>
    public string? Preset { get; init; }

    /// <summary>File of a layout of one's own; null for none.</summary>
    public string? LayoutFile { get; init; }

    /// <summary>Names of the pictures that are sent, where the layout leaves them open; empty for the first.</summary>
    public IReadOnlyList<string> Pictures { get; init; } = [];

    /// <summary>So many actions of a chunk are carried out before the next; null: as the layout says.</summary>
    public int? Execute { get; init; }

    /// <summary>How long an answer may take; a server that hangs is left then.</summary>
    public TimeSpan Timeout { get; init; } = UsualTimeout;

    /// <summary>File with the key that the server wants to be shown; null for none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Whether one observation is tried before anything moves.</summary>
    public bool Tries { get; init; } = true;

    /// <summary>Without what follows the question mark, for messages.</summary>
    public string Where =>
        string.Create(CultureInfo.InvariantCulture, $"{(IsSecure ? Secure : Plain)}://{Host}:{Port}");

    /// <summary>The server's address as a WebSocket's.</summary>
    public Uri Socket => new UriBuilder(IsSecure ? "wss" : "ws", Host, Port).Uri;

    /// <summary>Whether a text is meant for one, however wrong it is.</summary>
    public static bool IsMeant(string text) =>
        text.StartsWith(Plain + ":", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith(Secure + ":", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="PolicyException">It is written wrongly.</exception>
    public static WireAddress Parse(string text)
    {
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Scheme is not (Plain or Secure)
            || uri.Host.Length == 0
            || uri.AbsolutePath is not ("" or "/")
            || uri.UserInfo.Length > 0
            || uri.Fragment.Length > 0
        )
            throw new PolicyException($"policy '{text}' is no address of a policy server: give {Form}");
        var address = new WireAddress
        {
            Host = uri.Host,
            Port = uri.Port < 0 ? UsualPort : uri.Port,
            IsSecure = uri.Scheme == Secure,
        };
        if (address.Port is 0 or > LargestPort)
            throw new PolicyException($"policy '{text}' has port {address.Port}: allowed is 1 to {LargestPort}");
        var given = new HashSet<string>();
        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = option.Split('=', 2) is [var first, var second]
                ? (first, Uri.UnescapeDataString(second))
                : (option, "");
            if (!given.Add(name))
                throw new PolicyException($"policy '{text}' says '{name}' twice");
            address = address.With(text, name, value);
        }

        if (address is { Preset: not null, LayoutFile: not null })
            throw new PolicyException($"policy '{text}' has both preset and layout: give one");
        return address;
    }

    /// <summary>The same with paths that count from a folder.</summary>
    public WireAddress RelativeTo(string folder) =>
        this with
        {
            LayoutFile = LayoutFile is null ? null : Path.GetFullPath(LayoutFile, folder),
            KeyFile = KeyFile is null ? null : Path.GetFullPath(KeyFile, folder),
        };

    /// <summary>As it is written.</summary>
    public override string ToString()
    {
        var options = new List<string>();
        Add("preset", Preset);
        Add("layout", LayoutFile);
        Add("pictures", Pictures.Count > 0 ? string.Join(',', Pictures) : null);
        Add("execute", Execute?.ToString(CultureInfo.InvariantCulture));
        if (Timeout != UsualTimeout)
            Add("timeout", Timeout.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        Add("key", KeyFile);
        Add("trial", Tries ? null : "off");
        return options.Count == 0 ? Where : $"{Where}?{string.Join('&', options)}";

        void Add(string name, string? value)
        {
            if (value is not null)
                options.Add($"{name}={Uri.EscapeDataString(value).Replace("%2F", "/").Replace("%2C", ",")}");
        }
    }

    private WireAddress With(string text, string name, string value)
    {
        return name switch
        {
            "preset" when WirePresets.Find(value) is not null => this with { Preset = value },
            "preset" => throw Wrong(string.Join(", ", WirePresets.Names)),
            "layout" when value.Length > 0 => this with { LayoutFile = value },
            "layout" => throw Wrong("a file"),
            "key" when value.Length > 0 => this with { KeyFile = value },
            "key" => throw Wrong("a file, so that the key is in nobody's list of processes"),
            "pictures" when Names() is { } names => this with { Pictures = names },
            "pictures" => throw Wrong(
                $"1 to {PictureNames.Most} different names with commas between them, each " + PictureNames.Rule
            ),
            "execute" => this with { Execute = Whole(1, WireLimits.MostActions) },
            "timeout" => this with { Timeout = TimeSpan.FromMilliseconds(Whole(1, LongestTimeoutMs)) },
            "trial" when value is "on" or "off" => this with { Tries = value == "on" },
            "trial" => throw Wrong("on or off"),
            _ => throw new PolicyException($"policy '{text}' has an option '{name}' that is not known: give {Form}"),
        };

        IReadOnlyList<string>? Names() =>
            value.Split(',') is { Length: <= PictureNames.Most } names
            && names.All(PictureNames.IsValid)
            && names.Distinct().Count() == names.Length
                ? names
                : null;

        int Whole(int least, int most) =>
            int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
                ? number
                : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"{least} to {most}, whole"));

        PolicyException Wrong(string allowed) => new($"policy '{text}' has {name}={value}: allowed is {allowed}");
    }
}
