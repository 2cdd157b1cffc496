using System.Text.RegularExpressions;

namespace Vla.Sensors.Observations;

/// <summary>What cameras and their pictures may be called: <c>front</c>, <c>wrist</c>, <c>cam_left_2</c>.</summary>
/// <remarks>
/// The same name from the settings to the policy, the page and the datasets, where it follows <see cref="Prefix"/>.
/// </remarks>
internal static partial class PictureNames
{
    /// <summary>What a camera without a name is called.</summary>
    public const string Unnamed = "front";

    /// <summary>What the name of a picture's feature begins with.</summary>
    public const string Prefix = "observation.images.";

    /// <summary>
    /// So many pictures at most are seen together: each camera has a thread of its own and frames in memory.
    /// </summary>
    public const int Most = 8;

    /// <summary>In words, for errors.</summary>
    public const string Rule = "1 to 32 letters (a to z, A to Z), digits and _, at least one of them no digit";

    /// <summary>Whether a picture may be called so.</summary>
    public static bool IsValid(string name) => Pattern().IsMatch(name);

    /// <summary>The name of its feature in a dataset or a policy: <c>observation.images.front</c>.</summary>
    public static string Feature(string name) => Prefix + name;

    // A number alone is a device.
    [GeneratedRegex(@"\A(?![0-9]+\z)[A-Za-z0-9_]{1,32}\z")]
    private static partial Regex Pattern();
}
