using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Settings;

/// <summary>
/// Policy and robot where the settings leave them open: those that come with Vla and fit the camera.
/// </summary>
/// <remarks>
/// The simulated tabletop has an arm and a policy trained for it. Of any other camera nothing is known, so it gets the
/// model that Vla began with, which takes pictures and words alone.
/// </remarks>
internal static class AutoChoice
{
    /// <summary>The setting's value that leaves it open.</summary>
    public const string Auto = "auto";

    /// <summary>What decides, as <c>--policy</c> names it.</summary>
    public static string Policy(VlaSettings settings, CameraSource camera) =>
        settings.Policy != Auto ? settings.Policy
        : camera is WorldCameraSource ? ProjectPaths.TabletopPolicy
        : ProjectPaths.NotebookPolicy;

    /// <summary>What is driven, as <c>--robot</c> names it.</summary>
    public static string Robot(VlaSettings settings, CameraSource camera) =>
        settings.Robot != Auto ? settings.Robot
        : camera is WorldCameraSource ? ProjectPaths.TabletopRobot
        : ProjectPaths.NotebookRobot;

    /// <summary>
    /// What ends a stop: the simulated arm may begin to move again by itself, nothing else after a long stop.
    /// </summary>
    /// <param name="set">As set.</param>
    /// <param name="robots">Everything that is told the actions.</param>
    public static ResumeAfterStop Resume(ResumeAfterStop set, IReadOnlyList<IActionOutput> robots)
    {
        if (set != ResumeAfterStop.Auto)
            return set;
        var moving = robots.Where(robot => robot.Moves).ToList();
        return moving.Count > 0 && moving.TrueForAll(output => output is IRobot { IsSimulated: true })
            ? ResumeAfterStop.Automatic
            : ResumeAfterStop.ShortStops;
    }
}
