namespace Vla.Sensors.Simulation;

/// <summary>What the arm is told: motion of its hand in one control step, and how far its jaw should be open.</summary>
/// <remarks>
/// The seven dimensions of the notebook's policy. Deltas count for <see cref="StepSeconds"/>, whatever the rate at
/// which they are sent: an action is a wish for a speed that stays in force until the next one.
/// </remarks>
/// <param name="X">Metres to the right, as the camera sees it.</param>
/// <param name="Y">Metres away from the camera.</param>
/// <param name="Z">Metres up.</param>
/// <param name="Roll">Radians; this arm's hand always points down, so it has no effect.</param>
/// <param name="Pitch">Radians; no effect either.</param>
/// <param name="Yaw">Radians, counter-clockwise seen from above.</param>
/// <param name="Gripper">0 is closed, 1 is open.</param>
public readonly record struct WorldAction(float X, float Y, float Z, float Roll, float Pitch, float Yaw, float Gripper)
{
    /// <summary>How many numbers an action has.</summary>
    public const int Dimensions = 7;

    /// <summary>The control step that the deltas count for, seconds.</summary>
    public const double StepSeconds = 0.1;

    /// <summary>The most that x, y together, and z may be, metres a step: 0.3 m/s.</summary>
    public const double MaximumMove = 0.03;

    /// <summary>The most that yaw may be, radians a step: 1.5 rad/s.</summary>
    public const double MaximumTurn = 0.15;

    /// <summary>Their names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"];

    /// <summary>Their units, in order.</summary>
    public static IReadOnlyList<string> Units { get; } = ["m", "m", "m", "rad", "rad", "rad", "1"];

    /// <summary>Stay where you are.</summary>
    /// <param name="gripper">Jaw opening, 0 to 1.</param>
    public static WorldAction Rest(float gripper) => new(0, 0, 0, 0, 0, 0, gripper);

    /// <summary>Reads seven values in the order of <see cref="Names"/>; one that is not finite counts as 0.</summary>
    /// <exception cref="ArgumentException">There are not seven.</exception>
    public static WorldAction From(ReadOnlySpan<float> values)
    {
        if (values.Length != Dimensions)
            throw new ArgumentException(
                $"an action of this arm has {Dimensions} values, not {values.Length}",
                nameof(values)
            );
        return new WorldAction(values[0], values[1], values[2], values[3], values[4], values[5], values[6]).Finite();
    }

    /// <summary>Writes the seven values in the order of <see cref="Names"/>.</summary>
    public void CopyTo(Span<float> values)
    {
        values[0] = X;
        values[1] = Y;
        values[2] = Z;
        values[3] = Roll;
        values[4] = Pitch;
        values[5] = Yaw;
        values[6] = Gripper;
    }

    internal WorldAction Finite() =>
        new(Finite(X), Finite(Y), Finite(Z), Finite(Roll), Finite(Pitch), Finite(Yaw), Finite(Gripper));

    private static float Finite(float value) => float.IsFinite(value) ? value : 0;
}
