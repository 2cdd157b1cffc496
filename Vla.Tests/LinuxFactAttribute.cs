namespace Vla.Tests;

/// <summary>A test of something that exists on Linux only; skipped elsewhere, with that as the reason.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "Linux only.";
    }
}
