using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Vla.Runtime.Doctor;

/// <summary>Is .NET here: the runtime that runs Vla, and the SDK that the launcher builds it with?</summary>
internal static class DotnetCheck
{
    private const int WantedMajor = 10;

    public static IEnumerable<Finding> Look() =>
        Judge(
            Environment.Version,
            RuntimeInformation.RuntimeIdentifier,
            ListSdks(),
            Directory.Exists(Path.Combine(ProjectPaths.Home, "Vla.Runtime"))
        );

    /// <param name="runtime">Version of the runtime.</param>
    /// <param name="platform">Runtime identifier: <c>linux-x64</c>.</param>
    /// <param name="sdks">What <c>dotnet --list-sdks</c> prints; null when there is no <c>dotnet</c> to ask.</param>
    /// <param name="hasSources">Whether there is anything to build: not in a published folder.</param>
    public static IEnumerable<Finding> Judge(Version runtime, string platform, string? sdks, bool hasSources = true)
    {
        yield return Finding.Ok(".NET runtime", $"{runtime} on {platform}");
        if (!hasSources)
            yield break;

        var versions = (sdks ?? "")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split(' ')[0])
            .ToList();
        var fitting = versions.LastOrDefault(version =>
            version.StartsWith($"{WantedMajor}.", StringComparison.Ordinal)
        );
        if (fitting is not null)
        {
            yield return Finding.Ok(".NET SDK", fitting);
            yield break;
        }

        var found = versions.Count == 0 ? "there is none" : $"only {string.Join(", ", versions)} is here";
        yield return Finding.Fail(
            ".NET SDK",
            $"{found}, so changed sources cannot be built",
            $"curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel {WantedMajor}.0"
        );
    }

    private static string? ListSdks()
    {
        // Started as `dotnet vla.dll`, this process is the very dotnet to ask.
        var self = Environment.ProcessPath;
        var dotnet = Path.GetFileNameWithoutExtension(self) == "dotnet" ? self! : "dotnet";
        try
        {
            var start = new ProcessStartInfo(dotnet, "--list-sdks")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
