using System.Globalization;

namespace Vla.Runtime.Networks;

/// <summary>An option of a network address, which follows its question mark.</summary>
/// <param name="Name">As it is given, before the <c>=</c>.</param>
/// <param name="Form">How its value is written, for messages: <c>FILE</c>.</param>
/// <param name="Allowed">What a value may be, in words.</param>
/// <param name="IsAllowed">Whether a value may be.</param>
internal sealed record NetworkOption(string Name, string Form, string Allowed, Func<string, bool> IsAllowed)
{
    private const int LongestTimeoutMs = 60_000;
    private const double FastestHz = 10_000;

    /// <summary>The robot profile: names, units, limits.</summary>
    public static readonly NetworkOption Profile = File("profile");

    /// <summary>A certificate, PEM, that is trusted besides this machine's.</summary>
    public static readonly NetworkOption Certificate = File("ca");

    /// <summary>A file that only its owner may read, with the key that the other side wants.</summary>
    public static readonly NetworkOption Key = File("key");

    /// <summary>How long connecting, and the first state, may take.</summary>
    public static readonly NetworkOption Timeout = new(
        "timeout",
        "MS",
        $"1 to {LongestTimeoutMs}, whole",
        value => Whole(value) is >= 1 and <= LongestTimeoutMs
    );

    /// <summary>States a second.</summary>
    public static readonly NetworkOption Rate = new(
        "rate",
        "HZ",
        $"0.1 to {FastestHz}",
        value => Number(value) is >= 0.1 and <= FastestHz
    );

    /// <summary>What the robot tells of itself.</summary>
    public static readonly NetworkOption State = new(
        "state",
        "NAME,NAME:UNIT|none",
        "names of the profile's dimensions, or any names each with :UNIT behind it, with commas between them; or none",
        value => value.Length > 0
    );

    /// <summary>Whether its value is a path.</summary>
    public bool IsFile => Form == "FILE";

    /// <summary>How it is written, for messages.</summary>
    public override string ToString() => $"{Name}={Form}";

    /// <summary>An option that names a file.</summary>
    public static NetworkOption File(string name) => new(name, "FILE", "a file", value => value.Trim().Length > 0);

    /// <summary>A whole number; null for anything else.</summary>
    public static int? Whole(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A number; null for anything else.</summary>
    public static double? Number(string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
