using Vla.Sensors.Videos;

namespace Vla.Tests.Sensors.Cameras;

/// <summary>
/// A test that writes and reads AV1 with the <c>ffmpeg</c> program; skipped where it cannot, with the reason.
/// </summary>
public sealed class Av1FactAttribute : FactAttribute
{
    private const string Encoder = "libaom-av1";

    public Av1FactAttribute() =>
        Skip =
            FfmpegFactAttribute.Reason
            ?? (FfmpegProgram.OfThisMachine.HasEncoder(Encoder) ? null : $"ffmpeg has no encoder {Encoder}.");
}
