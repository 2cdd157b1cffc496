using Vla.Actors.Policies;
using Vla.Runtime.Settings;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Outputs;

/// <summary>
/// Keeps what must not move a robot by accident from what can: robots and outputs that say so of themselves.
/// </summary>
/// <remarks>Files and the console move nothing, and the simulated arm nothing that could be hurt.</remarks>
internal static class MovingOutputs
{
    /// <summary>To be asked before anything is opened.</summary>
    /// <param name="settings">What the user insists on.</param>
    /// <param name="robot">The robot, when it can move something real: as given; otherwise null.</param>
    /// <param name="outputs">What else is told the actions.</param>
    /// <param name="camera">Where the pictures come from.</param>
    /// <param name="policy">What acts upon them.</param>
    /// <exception cref="UsageException">A robot would be moved by the simulator, or by a policy that is not
    /// trained.</exception>
    public static void Check(
        VlaSettings settings,
        string? robot,
        IEnumerable<OutputSpec> outputs,
        CameraSource camera,
        IPolicy policy
    )
    {
        var moved =
            robot is not null ? $"robot '{robot}'"
            : outputs.FirstOrDefault(output => output.MovesRobots) is { } output ? $"output '{output}'"
            : null;
        if (moved is null)
            return;
        if (camera is WorldCameraSource && !settings.World.DrivesRobot)
        {
            throw new UsageException(
                $"{moved} would be moved by the simulator: camera '{camera.Name}' is the simulated tabletop; give "
                    + "your robot's camera "
                    + "(--camera 0; ./vla cameras lists them), or insist with --world-drives-robot"
            );
        }

        if (policy.Untrained is { } why && !settings.AllowUntrained)
        {
            throw new UsageException(
                $"{moved} would be moved by an untrained policy ({policy.Directory}: {why}); give a trained one with "
                    + "--policy, or insist with --allow-untrained"
            );
        }
    }
}
