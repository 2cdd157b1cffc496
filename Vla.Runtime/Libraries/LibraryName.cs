namespace Vla.Runtime.Libraries;

/// <summary>What <c>dll:FILE?profile=FILE#ARGUMENT</c> names.</summary>
/// <param name="File">The assembly.</param>
/// <param name="Argument">Given to the constructor, if that takes a text; empty when none was given.</param>
/// <param name="Profile">A robot profile's file; null when none was given.</param>
internal sealed record LibraryName(string File, string Argument, string? Profile)
{
    public const string Prefix = "dll:";

    private const string ProfileOption = "?profile=";

    /// <summary>Reads the text; null when it does not begin with <see cref="Prefix"/>.</summary>
    /// <param name="text">As given.</param>
    /// <param name="takesProfile">Whether a profile may be named.</param>
    /// <param name="refuse">Makes the exception for a text that names no file.</param>
    public static LibraryName? Read(string text, bool takesProfile, Func<string, Exception> refuse)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var parts = text[Prefix.Length..].Split('#', 2);
        var (file, profile) = (parts[0], (string?)null);
        if (takesProfile && file.LastIndexOf(ProfileOption, StringComparison.Ordinal) is >= 0 and var at)
        {
            (file, profile) = (file[..at], file[(at + ProfileOption.Length)..]);
            if (profile.Trim().Length == 0)
                throw refuse($"'{text}' names no profile: use dll:FILE?profile=FILE");
        }

        if (file.Trim().Length == 0)
            throw refuse($"'{text}' names no file: use dll:FILE#ARGUMENT");
        return new LibraryName(file, parts.ElementAtOrDefault(1) ?? "", profile);
    }

    public override string ToString() =>
        Prefix + File + (Profile is null ? "" : ProfileOption + Profile) + (Argument.Length == 0 ? "" : "#" + Argument);
}
