using Vla.Actors.Policies;
using Vla.Runtime.Settings;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Outputs;

/// <summary>Keeps what must not move a robot by accident from the outputs that can: <c>dll:</c> and <c>udp://</c>.</summary>
/// <remarks>Files and the console move nothing, and the simulated arm nothing that could be hurt.</remarks>
public static class MovingOutputs
{
    /// <summary>To be asked before anything is opened.</summary>
    /// <param name="settings">Outputs, and what the user insists on.</param>
    /// <param name="camera">Where the pictures come from.</param>
    /// <param name="policy">What acts upon them.</param>
    /// <exception cref="UsageException">A robot would be moved by the simulator, or by a policy that is not trained.</exception>
    public static void Check(VlaSettings settings, CameraSource camera, IPolicy policy)
    {
        var output = Array.Find(settings.Outputs, text => OutputSpec.Parse(text) is OutputSpec.Library or OutputSpec.Udp);
        if (output is null) return;
        if (camera is WorldCameraSource && !settings.World.DrivesRobot)
        {
            throw new UsageException(
                $"output '{output}' would be moved by the simulator: camera 'world' is the simulated tabletop; give your robot's camera "
                + "(--camera 0; ./vla cameras lists them), or insist with --world-drives-robot");
        }

        if (policy.Untrained is { } why && !settings.AllowUntrained)
        {
            throw new UsageException(
                $"output '{output}' would be moved by an untrained policy ({policy.Directory}: {why}); give a trained one with --policy, or insist with --allow-untrained");
        }
    }
}
