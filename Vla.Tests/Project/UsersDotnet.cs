using System.Collections;

namespace Vla.Tests.Project;

/// <summary>
/// The SDK as whoever builds outside the repository runs it: without what the launcher sets for itself.
/// </summary>
/// <remarks>
/// The launcher has .NET do without the ICU library, so that a machine that lacks it can build too. Then the SDK knows
/// no language and warns, the first time it looks at a package, of each that has texts in one (NETSDK1188).
/// </remarks>
internal static class UsersDotnet
{
    private const string WithoutIcu = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";
    private const string LanguageUnknown = "warning NETSDK1188";

    private static readonly string Program = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static readonly Dictionary<string, string> Launchers = Environment
        .GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(variable => (string)variable.Key, variable => (string)variable.Value!);

    private static readonly Dictionary<string, string> Users = Launchers
        .Where(variable => variable.Key != WithoutIcu)
        .ToDictionary();

    private static readonly Lazy<bool> HasIcu = new(() =>
        Commands.Run(Program, Path.GetTempPath(), Users, "--version").ExitCode == 0
    );

    /// <summary>Runs it in a folder; must succeed.</summary>
    /// <returns>What it wrote.</returns>
    public static string Run(string folder, params string[] arguments)
    {
        var (exitCode, output, errors) = Commands.Run(Program, folder, HasIcu.Value ? Users : Launchers, arguments);
        Assert.True(exitCode == 0, output + errors);
        return output;
    }

    /// <summary>
    /// What a build warned of, each once; where there is no ICU, but for what that alone makes it say.
    /// </summary>
    public static string[] Warnings(string output) =>
        [
            .. output
                .Split('\n')
                .Where(line => line.Contains("warning", StringComparison.Ordinal))
                .Where(line => HasIcu.Value || !line.Contains(LanguageUnknown, StringComparison.Ordinal))
                .Select(line => line.Trim())
                .Distinct(),
        ];
}
