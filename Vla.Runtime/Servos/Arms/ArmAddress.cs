using System.Globalization;

namespace Vla.Runtime.Servos.Arms;

/// <summary>
/// An arm as users name it: <c>so101:my_arm</c>, <c>so101:/dev/ttyACM0?id=my_arm&amp;scale=range</c>.
/// </summary>
/// <param name="Kind">Which kind.</param>
/// <param name="Port">The serial port; null when a name stands for it.</param>
/// <param name="Id">The name that its calibration has; null for one that is read from the servos.</param>
/// <param name="Scale">Which numbers its positions are.</param>
/// <param name="RateHz">Turns of its loop a second.</param>
internal sealed record ArmAddress(ArmKind Kind, string? Port, string? Id, ScaleKind Scale, double RateHz)
{
    /// <summary>How it is written, for help.</summary>
    public const string Form = "so101:" + Rest;

    private const string Rest = "PORT-OR-NAME[?id=NAME][&scale=degrees|range][&rate=HZ]";

    private const double DefaultHz = 100;

    /// <summary>Reads the text; null when it names no arm of these.</summary>
    /// <param name="text">As given.</param>
    /// <param name="isLeader">Whether leaders are meant, or those that are driven; null for both.</param>
    /// <exception cref="UsageException">It is written wrongly.</exception>
    public static ArmAddress? Read(string text, bool? isLeader = null)
    {
        var colon = text.IndexOf(':');
        if (colon < 0 || ArmKind.All.FirstOrDefault(kind => kind.Name == text[..colon]) is not { } kind)
            return null;
        if (isLeader is { } wanted && kind.IsLeader != wanted)
        {
            throw new UsageException(
                kind.IsLeader
                    ? $"'{text}' is a leader: it leads and is not driven; give --leader {text}"
                    : $"'{text}' is no leader: give {kind.LeaderName}:PORT-OR-NAME"
            );
        }

        var parts = text[(colon + 1)..].Split('?', 2);
        if (parts[0].Length == 0)
            throw Wrong(text, kind, "it names neither port nor arm");
        var isPort = parts[0].Contains('/') || parts[0].StartsWith("COM", StringComparison.Ordinal);
        if (!isPort)
            CalibrationFiles.RequireName(parts[0]);
        var address = new ArmAddress(
            kind,
            isPort ? parts[0] : null,
            isPort ? null : parts[0],
            ScaleKind.Degrees,
            DefaultHz
        );
        foreach (var option in parts.ElementAtOrDefault(1)?.Split('&') ?? [])
            address = address.With(option, text);
        return address;
    }

    /// <summary>The same with a port's path that counts from a folder.</summary>
    public ArmAddress RelativeTo(string folder) =>
        Port is not null && Port.Contains('/') ? this with { Port = Path.GetFullPath(Port, folder) } : this;

    public override string ToString()
    {
        List<string> options = [];
        if (Port is not null && Id is not null)
            options.Add($"id={Id}");
        if (Scale != ScaleKind.Degrees)
            options.Add("scale=range");
        if (RateHz != DefaultHz)
            options.Add(string.Create(CultureInfo.InvariantCulture, $"rate={RateHz}"));
        return $"{Kind}:{Port ?? Id}{(options.Count == 0 ? "" : "?" + string.Join('&', options))}";
    }

    private ArmAddress With(string option, string text)
    {
        var parts = option.Split('=', 2);
        switch (parts)
        {
            case ["id", var id] when Port is not null:
                CalibrationFiles.RequireName(id);
                return this with { Id = id };
            case ["scale", "degrees"]:
                return this with { Scale = ScaleKind.Degrees };
            case ["scale", "range"]:
                return this with { Scale = ScaleKind.Range };
            case ["rate", var rate]
                when double.TryParse(rate, NumberStyles.Float, CultureInfo.InvariantCulture, out var hz)
                    && hz is >= 10 and <= ArmOptions.FastestHz:
                return this with { RateHz = hz };
            case ["rate", var rate]:
                throw Wrong(text, Kind, $"rate is {rate}; allowed is 10 to {ArmOptions.FastestHz} Hz");
            case ["scale", var scale]:
                throw Wrong(text, Kind, $"scale is {scale}; allowed is degrees or range");
            default:
                throw Wrong(text, Kind, $"'{option}' is no option of it");
        }
    }

    private static UsageException Wrong(string text, ArmKind kind, string why) =>
        new($"robot '{text}' is not known: {why}; use {kind}:{Rest}");
}
