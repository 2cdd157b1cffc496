using System.ComponentModel;
using System.Diagnostics;

namespace Vla.Tests.Runtime.Pages;

/// <summary>
/// The browser that the page's tests drive: the machine's own, or Debian's package, installed when it may be.
/// </summary>
internal static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    private static readonly TimeSpan LongestInstallation = TimeSpan.FromMinutes(5);
    private static readonly Lazy<(string? Path, string Problem)> Found = new(Find);

    /// <summary>Where it is; null when there is none, for the reason in <see cref="Problem"/>.</summary>
    public static string? Path => Found.Value.Path;

    /// <summary>Why there is none; empty otherwise.</summary>
    public static string Problem => Found.Value.Problem;

    private static (string? Path, string Problem) Find()
    {
        if (OnPath() is { } path)
            return (path, "");
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/apt-get"))
            return (null, "no Chromium on PATH, and only Debian's package could be installed");

        string[] root = Environment.UserName == "root" ? [] : ["sudo", "--non-interactive"];
        if (root.Length > 0 && !Run([.. root, "true"]))
            return (null, "no Chromium on PATH: sudo apt-get install chromium");

        Run([.. root, "apt-get", "-qq", "update"]);
        Run([
            .. root,
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-qq",
            "install",
            "--yes",
            "--no-install-recommends",
            "chromium",
        ]);
        return OnPath() is { } installed
            ? (installed, "")
            : (null, "Chromium could not be installed: sudo apt-get install chromium");
    }

    /// <summary>One that starts: on Ubuntu the package only leads to a snap, which containers cannot run.</summary>
    private static string? OnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(System.IO.Path.PathSeparator)
            .SelectMany(_ => Names, System.IO.Path.Combine)
            .FirstOrDefault(path => File.Exists(path) && Run([path, "--version"]));

    private static bool Run(string[] command)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(command[0], command[1..])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            process.StandardInput.Close();
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process.WaitForExit(LongestInstallation) && process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false; // Not there, not a program.
        }
    }
}

/// <summary>
/// A test that needs a browser; skipped with the reason where there is none and none can be installed.
/// </summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (Chromium.Path is null)
            Skip = Chromium.Problem;
    }
}

/// <summary>The same for a theory.</summary>
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute()
    {
        if (Chromium.Path is null)
            Skip = Chromium.Problem;
    }
}
