namespace Vla.Runtime.Doctor;

/// <summary>Runs the checks one after another; one that breaks is a finding like any other.</summary>
internal static class Checkup
{
    /// <summary>All checks of this machine, in the order of the report.</summary>
    /// <param name="settingsFile">The settings to check, <c>vla.json</c>.</param>
    public static IEnumerable<Finding> ThisMachine(string settingsFile) =>
        Run(
            (".NET", DotnetCheck.Look),
            ("OpenCV", NativeLibraryCheck.OpenCv),
            ("ffmpeg", FfmpegCheck.Look),
            ("Torch", NativeLibraryCheck.Torch),
            ("processor", DeviceCheck.Processor),
            ("GPU", DeviceCheck.Gpu),
            ("cameras", () => CameraCheck.Look("/dev", CameraCheck.OpenDevice)),
            ("settings", () => FileCheck.Look(settingsFile)),
            ("real time", RealTimeCheck.Look),
            ("clock", () => RealTimeCheck.Clock(TimeProvider.System))
        );

    public static IEnumerable<Finding> Run(params (string Subject, Func<IEnumerable<Finding>> Look)[] checks) =>
        checks.SelectMany(check => Guarded(check.Subject, check.Look));

    private static List<Finding> Guarded(string subject, Func<IEnumerable<Finding>> look)
    {
        try
        {
            return [.. look()];
        }
        catch (Exception e)
        {
            var reason = e.Message.ReplaceLineEndings(" ");
            return
            [
                Finding.Fail(
                    subject,
                    $"the check broke off ({e.GetType().Name}): {reason}",
                    "report this with the line above"
                ),
            ];
        }
    }
}
