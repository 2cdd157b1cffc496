namespace Vla.Tests;

/// <summary>A test of a script that needs Linux and the <c>curl</c> program; skipped where there is none.</summary>
public sealed class CurlFactAttribute : FactAttribute
{
    public CurlFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "Linux only.";
        else if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(HasCurl))
            Skip = "no curl on PATH: sudo apt-get install curl";
    }

    private static bool HasCurl(string folder) => File.Exists(Path.Combine(folder, "curl"));
}
