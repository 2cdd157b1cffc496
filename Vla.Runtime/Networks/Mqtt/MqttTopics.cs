namespace Vla.Runtime.Networks.Mqtt;

/// <summary>Where actions go and states come from.</summary>
/// <param name="Action">Of the actions.</param>
/// <param name="State">Of the states; null where none are wanted.</param>
internal sealed record MqttTopics(string Action, string? State)
{
    private const string UsualPrefix = "vla";
    private const int Longest = 1_000;

    /// <summary>Behind the prefix that an address has as its path.</summary>
    /// <param name="address">The broker's: <c>mqtt://HOST/arm1</c>.</param>
    /// <param name="tells">Whether states are wanted.</param>
    public static MqttTopics Of(NetworkAddress address, bool tells)
    {
        var prefix = Prefix(address);
        return new($"{prefix}/action", tells ? $"{prefix}/state" : null);
    }

    /// <summary>Whether a path can be the beginning of topics.</summary>
    public static bool IsPrefix(string path) =>
        path.Length <= Longest
        && !path.Any(c => c is '+' or '#' || char.IsControl(c))
        && !path.EndsWith("//", StringComparison.Ordinal);

    private static string Prefix(NetworkAddress address) =>
        address.Path.Trim('/') is { Length: > 0 } given ? given : UsualPrefix;
}
