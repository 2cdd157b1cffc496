using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>The robot's state as a policy's fusion wants it: normalised, a tensor.</summary>
/// <param name="spec">What the policy wants.</param>
/// <param name="device">Where the fusion computes.</param>
public sealed class StateInput(StateSpec spec, Device device)
{
    private readonly float[] _values = new float[spec.Dimensions];

    /// <param name="reading">As it came with the picture, of the values that the policy wants; null when it is not
    /// known.</param>
    /// <returns>[1, dimensions]; all zero, the average state, when the robot's is not known.</returns>
    /// <exception cref="PolicyException">It is of other values.</exception>
    public Tensor Of(RobotReading? reading)
    {
        if (reading is null)
        {
            Array.Clear(_values);
        }
        else
        {
            if (reading.Values.Length != _values.Length)
                throw new PolicyException(
                    $"the policy wants the robot's state as {string.Join(", ", spec.Names)}, given is "
                        + $"{string.Join(", ", reading.Names)}"
                );
            reading.Values.CopyTo(_values, 0);
            spec.Normalise(_values);
        }

        return tensor(_values, [1, _values.Length]).to(device);
    }
}
