namespace Vla.Sensors.Simulation;

/// <summary>
/// A colour that an instruction can name, with the pigment that stands for it; episodes vary it a little.
/// </summary>
/// <param name="Name">One English word.</param>
/// <param name="Red">0 to 255, in even light.</param>
/// <param name="Green">0 to 255.</param>
/// <param name="Blue">0 to 255.</param>
public sealed record WorldColour(string Name, int Red, int Green, int Blue)
{
    /// <summary>What blocks are made of.</summary>
    public static IReadOnlyList<WorldColour> OfBlocks { get; } =
    [
        new("red", 205, 40, 40),
        new("green", 45, 155, 65),
        new("blue", 40, 85, 215),
        new("yellow", 235, 195, 40),
        new("purple", 140, 60, 180),
    ];

    /// <summary>What trays may be made of besides the colours no block has.</summary>
    public static IReadOnlyList<WorldColour> OfTraysOnly { get; } =
    [new("white", 232, 232, 228), new("black", 38, 38, 42), new("orange", 240, 125, 35), new("cyan", 60, 195, 205)];

    /// <inheritdoc/>
    public override string ToString() => Name;
}
