using Vla.Runtime.ServoSimulation;

namespace Vla.Tests.Runtime.Servos;

internal static class KochJoints
{
    /// <summary>
    /// Servos mounted otherwise: every raw angle is another one, and joints may pass the end of a turn.
    /// </summary>
    public static SimulatedJoint[] Turned(int steps) =>
        [
            .. SimulatedJoint
                .Koch()
                .Select(joint =>
                    joint.FirstStop == 0
                        ? joint
                        : joint with
                        {
                            FirstStop = joint.FirstStop + steps,
                            LastStop = joint.LastStop + steps,
                            Begins = joint.Begins + steps,
                            LiesAt = joint.LiesAt + steps,
                        }
                ),
        ];
}
