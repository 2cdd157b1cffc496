namespace Vla.Sensors.Simulation.Demonstrations;

/// <summary>
/// What the expert would do at a moment if it had been told so: an instruction with the answer to it.
/// </summary>
/// <remarks>Only a simulator knows this; several lessons can be had from one picture.</remarks>
/// <param name="Instruction">What is said.</param>
/// <param name="Chunk">The clean expert's next actions from this state, one a control step.</param>
/// <param name="Block">Where the block that is meant is in a square picture.</param>
/// <param name="Goal">Where it shall go, the tray; the block again for tasks without a tray.</param>
/// <param name="Turn">How the block is turned.</param>
internal sealed record Lesson(
    string Instruction,
    IReadOnlyList<WorldAction> Chunk,
    PicturePlace Block,
    PicturePlace Goal,
    QuarterTurns Turn
);

/// <summary>A place in a square picture as shares of its width and height, from the left and from the top.</summary>
internal readonly record struct PicturePlace(float X, float Y);

/// <summary>A cube's turn ψ, of which a quarter more makes no difference: sin 4ψ and cos 4ψ.</summary>
internal readonly record struct QuarterTurns(float Sin, float Cos)
{
    public static QuarterTurns Of(double yaw)
    {
        var (sin, cos) = Math.SinCos(4 * yaw);
        return new QuarterTurns((float)sin, (float)cos);
    }
}
