namespace Vla.Tests;

/// <summary>The same as <see cref="LinuxFactAttribute"/> for a test with several sets of data.</summary>
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "Linux only.";
    }
}
