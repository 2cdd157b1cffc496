using System.Text.RegularExpressions;

namespace Vla.Runtime.Doctor;

/// <summary>Finds in the dynamic loader's complaint what is really missing, and how to get it.</summary>
internal static partial class LoaderMessage
{
    private const string BuildAgain = "dotnet clean, then ./vla run builds and copies the native libraries again";

    /// <param name="text">The messages of the exception and its causes.</param>
    /// <param name="packages">Which package brings which library.</param>
    /// <returns>The reason in one line, and the mend.</returns>
    public static (string Reason, string Mend) Explain(string text, DebianPackages packages)
    {
        // The runtime tries several names for the library itself ("liblibFoo.so: cannot open …"); the interesting one
        // is a library with a version number, which comes from the system.
        var missing = MissingLibrary().Matches(text).Select(match => match.Groups[1].Value).Distinct().ToList();
        if (missing.Find(name => VersionedName().IsMatch(name)) is { } library)
        {
            var mend = packages.For(library) is { } package
                ? $"sudo apt-get install {package}"
                : $"install the system package that brings {library} (apt-file search {library})";
            return ($"needs {library}, which is missing", mend);
        }

        if (MissingVersion().Match(text) is { Success: true } version)
        {
            return (
                $"was built for a newer system: {version.Groups[1].Value} is missing here",
                "use Debian 12, Ubuntu 22.04 or newer"
            );
        }

        if (missing.Count > 0)
            return ($"{Path.GetFileName(missing[0])} is not beside the program", BuildAgain);

        var first = text.Split('\n', 2)[0].Trim();
        return ($"does not load: {first}", BuildAgain);
    }

    [GeneratedRegex(@"([\w.+/-]+\.so[.\d]*): cannot open shared object file")]
    private static partial Regex MissingLibrary();

    [GeneratedRegex(@"\.so\.\d")]
    private static partial Regex VersionedName();

    [GeneratedRegex(@"version [`'""]([\w.]+)'? not found")]
    private static partial Regex MissingVersion();
}
