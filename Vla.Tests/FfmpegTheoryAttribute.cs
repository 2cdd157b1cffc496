namespace Vla.Tests;

/// <summary>The same as <see cref="FfmpegFactAttribute"/> for a test with several sets of data.</summary>
public sealed class FfmpegTheoryAttribute : TheoryAttribute
{
    public FfmpegTheoryAttribute() => Skip = FfmpegFactAttribute.Reason;
}
