using System.Diagnostics;
using Vla.Sensors.Videos;

namespace Vla.Tests;

/// <summary>
/// A test that needs the <c>ffmpeg</c> program; skipped where there is none and none can be installed, with that as the
/// reason.
/// </summary>
public sealed class FfmpegFactAttribute : FactAttribute
{
    private static readonly TimeSpan LongestInstallation = TimeSpan.FromMinutes(5);
    private static readonly Lazy<string?> Problem = new(Find);

    public FfmpegFactAttribute() => Skip = Reason;

    internal static string? Reason => Problem.Value;

    private static string? Find()
    {
        if (IsOnPath())
            return null;
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/apt-get"))
            return "no ffmpeg on PATH, and only Debian's package could be installed";
        string[] root = Environment.UserName == "root" ? [] : ["sudo", "--non-interactive"];
        if (root.Length > 0 && !Run([.. root, "true"]))
            return "no ffmpeg on PATH: sudo apt-get install ffmpeg";

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
            "ffmpeg",
        ]);
        return FfmpegProgram.OfThisMachine.IsInstalled
            ? null
            : "ffmpeg could not be installed: sudo apt-get install ffmpeg";
    }

    // Not asked of FfmpegProgram, which looks once: it is to find what is installed here.
    private static bool IsOnPath() => Run(["ffprobe", "-version"]) && Run(["ffmpeg", "-version"]);

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
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // Not there, not a program.
        }
    }
}
