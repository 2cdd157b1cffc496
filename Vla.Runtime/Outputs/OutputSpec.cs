using System.Globalization;

namespace Vla.Runtime.Outputs;

/// <summary>Where actions go, as given to <c>--output</c>.</summary>
public abstract record OutputSpec
{
    private const string Allowed = "use console, world, jsonl:FILE, udp://HOST:PORT or dll:FILE#ADDRESS";

    private OutputSpec()
    {
    }

    /// <summary>A live view in the terminal.</summary>
    public sealed record Console : OutputSpec;

    /// <summary>The arm of the simulated tabletop.</summary>
    public sealed record World : OutputSpec;

    /// <summary>A file with one JSON object in each line.</summary>
    public sealed record JsonLines(string File) : OutputSpec;

    /// <summary>One datagram for each action.</summary>
    public sealed record Udp(string Host, int Port) : OutputSpec;

    /// <summary>A robot of the user's own, in an assembly.</summary>
    public sealed record Library(string File, string Address) : OutputSpec;

    /// <summary>Reads <c>console</c>, <c>world</c>, <c>jsonl:FILE</c>, <c>udp://HOST:PORT</c> or <c>dll:FILE#ADDRESS</c>.</summary>
    /// <exception cref="UsageException">The text is none of these; the message says what is possible.</exception>
    public static OutputSpec Parse(string text)
    {
        if (text == "console") return new Console();
        if (text == "world") return new World();
        if (text.StartsWith("jsonl:", StringComparison.Ordinal))
        {
            var file = text["jsonl:".Length..];
            return file.Trim().Length > 0 ? new JsonLines(file) : throw new UsageException($"output '{text}' names no file: use jsonl:FILE");
        }

        if (text.StartsWith("dll:", StringComparison.Ordinal))
        {
            var parts = text["dll:".Length..].Split('#', 2);
            return parts[0].Trim().Length > 0
                ? new Library(parts[0], parts.ElementAtOrDefault(1) ?? "")
                : throw new UsageException($"output '{text}' names no file: use dll:FILE#ADDRESS");
        }

        if (text.StartsWith("udp:", StringComparison.Ordinal)) return ParseUdp(text);
        throw new UsageException($"output '{text}' is not known: {Allowed}");
    }

    private static Udp ParseUdp(string text)
    {
        const string Scheme = "udp://";
        var address = text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : "";
        var colon = address.LastIndexOf(':');
        var host = colon < 0 ? "" : address[..colon];
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            throw new UsageException($"output '{text}' needs a host and a port: use udp://HOST:PORT");
        var port = address[(colon + 1)..];
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65_535
            ? new Udp(host, number)
            : throw new UsageException($"output '{text}': the port is '{port}'; allowed is 1 to 65535");
    }
}
