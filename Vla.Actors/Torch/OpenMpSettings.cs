using Vla.Sensors;

namespace Vla.Actors.Torch;

/// <summary>How Torch's OpenMP threads wait between operations: spinning shortly, then asleep.</summary>
/// <remarks>
/// <para>
/// libgomp's threads spin for milliseconds by default. Cameras, control loop and other stages want the cores meanwhile,
/// and on a busy machine the spinning delays the very thread that is waited for. Not to spin at all (<c>passive</c>)
/// costs a sleep and a wake-up at each of a frame's dozen operations. A spin of some 100 µs bridges the gaps within a
/// frame and not those between frames: on 2 busy cores a frame took 7 % less processor time than with the default.
/// </para>
/// <para>
/// Larger malloc thresholds (<c>mallopt</c>) were tried as well. They spare a plain model 10 ms of page faults a frame;
/// here memory is let go of layer by layer and used again, with 4 faults a frame, and they changed nothing.
/// </para>
/// </remarks>
internal static class OpenMpSettings
{
    private const string SpinTurns = "20000";

    /// <summary>Must come before libgomp is loaded, which is with libtorch. What the user has set stays.</summary>
    public static void Apply()
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            NativeEnvironment.SetDefault("GOMP_SPINCOUNT", SpinTurns);
    }
}
