using Vla.Sensors.Videos;

namespace Vla.Tests;

/// <summary>A test that needs the <c>ffmpeg</c> program; skipped where it is not installed, with that as the reason.</summary>
public sealed class FfmpegFactAttribute : FactAttribute
{
    public FfmpegFactAttribute() => Skip = Reason;

    internal static string? Reason => FfmpegProgram.OfThisMachine.IsInstalled ? null : "ffmpeg is not installed.";
}
