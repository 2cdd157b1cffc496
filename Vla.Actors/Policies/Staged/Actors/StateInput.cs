using Vla.Actors.Robots;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Staged.Actors;

/// <summary>The robot's state as a policy's fusion wants it: as of the picture's moment, normalised, a tensor.</summary>
/// <param name="spec">What the policy wants.</param>
/// <param name="robot">Where it is read; null for a robot that gives none.</param>
/// <param name="device">Where the fusion computes.</param>
public sealed class StateInput(StateSpec spec, IRobotState? robot, Device device)
{
    private readonly float[] _values = new float[spec.Dimensions];

    /// <param name="capturedNs">When the picture was captured, monotonic nanoseconds.</param>
    /// <returns>[1, dimensions]; all zero, the average state, when the robot's is not known.</returns>
    public Tensor Read(long capturedNs)
    {
        if (robot is not null && robot.TryRead(capturedNs, _values)) spec.Normalise(_values);
        else Array.Clear(_values);
        return tensor(_values, [1, _values.Length]).to(device);
    }
}
