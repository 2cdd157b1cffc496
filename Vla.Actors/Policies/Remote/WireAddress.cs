using System.Globalization;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>Where a policy server listens, and how to talk to it: <c>openpi://HOST:PORT?preset=libero</c>.</summary>
internal sealed record WireAddress
{
    /// <summary>How long an answer may take, where nothing is said.</summary>
    private static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(5);

    private const int LargestPort = 65_535;
    private const int LongestTimeoutMs = 600_000;

    /// <summary>What is spoken there.</summary>
    public required WireProtocol Protocol { get; init; }

    /// <summary>A name or an address.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Whether TLS is spoken.</summary>
    public bool IsSecure { get; init; }

    /// <summary>File with the certificate, PEM, that is trusted besides this machine's; null for none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>One of the protocol's presets; null for none.</summary>
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

    /// <summary>What becomes of cameras' pictures of another shape; null: as the layout says.</summary>
    public ImageFit? Fit { get; init; }

    /// <summary>Those of <see cref="WireProtocol.OwnOptions"/> that were given.</summary>
    private IReadOnlyDictionary<string, string> Own { get; init; } = new Dictionary<string, string>();

    /// <summary>How it is written, for messages.</summary>
    public static string Form =>
        $"{string.Join(", ", WireProtocol.All.Select(protocol => $"{protocol.Scheme}://HOST:PORT"))} (with TLS "
        + $"{string.Join(", ", WireProtocol.All.Select(protocol => protocol.SecureScheme).OfType<string>())}), with "
        + $"any of ?preset=NAME, layout=FILE, pictures=NAME,NAME, fit={string.Join('|', WireFits.Words)}, "
        + "execute=N, timeout=MS, key=FILE, ca=FILE, trial=off (& between them)"
        + string.Concat(
            WireProtocol
                .All.Where(protocol => protocol.OwnOptions.Count > 0)
                .Select(protocol =>
                    $", for {protocol.Name} "
                    + string.Join(", ", protocol.OwnOptions.Select(option => $"{option.Name}={option.Form}"))
                )
        );

    /// <summary>Without what follows the question mark, for messages.</summary>
    public string Where =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(IsSecure ? Protocol.SecureScheme : Protocol.Scheme)}://{Host}:{Port}"
        );

    /// <summary>The server's address with another scheme.</summary>
    /// <param name="scheme">Without TLS; with it, it has an s behind it.</param>
    /// <param name="path">Begins with a slash.</param>
    public Uri Url(string scheme, string path = "/") =>
        new UriBuilder(IsSecure ? scheme + "s" : scheme, Host, Port, path).Uri;

    /// <summary>Whether a text is meant for one, however wrong it is.</summary>
    public static bool IsMeant(string text)
    {
        return WireProtocol.All.Any(protocol =>
            Begins(protocol.Scheme) || Begins(protocol.SecureScheme) || protocol.Mistaken.Any(Begins)
        );

        bool Begins(string? scheme) =>
            scheme is not null && text.StartsWith(scheme + ":", StringComparison.OrdinalIgnoreCase);
    }

    /// <exception cref="PolicyException">It is written wrongly.</exception>
    public static WireAddress Parse(string text)
    {
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || WireProtocol.All.FirstOrDefault(one => uri.Scheme == one.Scheme || uri.Scheme == one.SecureScheme)
                is not { } protocol
            || uri.Host.Length == 0
            || uri.AbsolutePath is not ("" or "/")
            || uri.UserInfo.Length > 0
            || uri.Fragment.Length > 0
        )
            throw new PolicyException($"policy '{text}' is no address of a policy server: give {Form}");
        var address = new WireAddress
        {
            Protocol = protocol,
            Host = uri.Host,
            Port = uri.Port < 0 ? protocol.UsualPort : uri.Port,
            IsSecure = uri.Scheme == protocol.SecureScheme,
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
        if (address is { CertificateFile: not null, IsSecure: false })
            throw new PolicyException(
                $"policy '{text}' has ca=FILE and speaks no TLS: "
                    + (protocol.SecureScheme is { } secure ? $"begin it with {secure}://" : $"{protocol.Name} has none")
            );
        return address;
    }

    /// <summary>What was given for one of <see cref="WireProtocol.OwnOptions"/>; null for nothing.</summary>
    public string? Option(string name) => Own.GetValueOrDefault(name);

    /// <summary>The same with paths that count from a folder.</summary>
    public WireAddress RelativeTo(string folder) =>
        this with
        {
            LayoutFile = LayoutFile is null ? null : Path.GetFullPath(LayoutFile, folder),
            KeyFile = KeyFile is null ? null : Path.GetFullPath(KeyFile, folder),
            CertificateFile = CertificateFile is null ? null : Path.GetFullPath(CertificateFile, folder),
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
        Add("ca", CertificateFile);
        Add("fit", Fit is { } fit ? WireFits.Word(fit) : null);
        foreach (var option in Protocol.OwnOptions)
            Add(option.Name, Option(option.Name));
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
            "preset" when Protocol.FindPreset(value) is not null => this with { Preset = value },
            "preset" => throw Wrong(string.Join(", ", Protocol.Presets.Select(preset => preset.Name))),
            "layout" when value.Length > 0 => this with { LayoutFile = value },
            "layout" => throw Wrong("a file"),
            "key" when value.Length > 0 => this with { KeyFile = value },
            "key" => throw Wrong("a file, so that the key is in nobody's list of processes"),
            "ca" when value.Length > 0 => this with { CertificateFile = value },
            "ca" => throw Wrong("a file"),
            "fit" => this with { Fit = WireFits.Find(value) ?? throw Wrong("stretch, pad or crop") },
            "pictures" when Names() is { } names => this with { Pictures = names },
            "pictures" => throw Wrong(
                $"1 to {PictureNames.Most} different names with commas between them, each " + PictureNames.Rule
            ),
            "execute" => this with { Execute = Whole(1, WireLimits.MostActions) },
            "timeout" => this with { Timeout = TimeSpan.FromMilliseconds(Whole(1, LongestTimeoutMs)) },
            "trial" when value is "on" or "off" => this with { Tries = value == "on" },
            "trial" => throw Wrong("on or off"),
            _ when Protocol.OwnOptions.FirstOrDefault(own => own.Name == name) is { } option => option.IsAllowed(value)
                ? this with
                {
                    Own = new Dictionary<string, string>(Own) { [name] = value },
                }
                : throw Wrong(option.Allowed),
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
