namespace Vla.Sensors.Simulation.Drawing;

/// <summary>A colour of a surface in even light, 0 to 255, not yet exposed.</summary>
public readonly record struct Pigment(double Red, double Green, double Blue)
{
    internal Pigment Times(double factor) => new(Red * factor, Green * factor, Blue * factor);
}

/// <summary>What the table is covered with.</summary>
public enum TableTexture
{
    /// <summary>One colour.</summary>
    Plain,

    /// <summary>As wood has it.</summary>
    Grain,

    /// <summary>Dots.</summary>
    Speckle,

    /// <summary>As cloth has it.</summary>
    Weave,
}

/// <summary>How an episode looks: view, light, colours, table. Nothing of it changes while the episode lasts.</summary>
public sealed class SceneLook
{
    private const double ColourJitter = 14;

    private static readonly WorldPoint CameraPosition = new(0, -0.50, 0.55);
    private static readonly WorldPoint CameraTarget = new(0, 0.015, 0.03);

    /// <summary>Muted, so that no table is taken for a block or a tray.</summary>
    private static readonly Pigment[] TableColours =
    [
        new(196, 172, 140),
        new(168, 138, 106),
        new(150, 150, 148),
        new(126, 130, 124),
        new(186, 180, 168),
        new(142, 126, 112),
        new(118, 122, 132),
        new(172, 160, 152),
    ];

    private static readonly Pigment[] ArmColours = [new(225, 228, 232), new(238, 236, 230), new(200, 206, 214)];

    private SceneLook() { }

    /// <summary>From where the picture is taken.</summary>
    public required Viewpoint Camera { get; init; }

    /// <summary>One for each block.</summary>
    public required IReadOnlyList<Pigment> Blocks { get; init; }

    /// <summary>One for each tray.</summary>
    public required IReadOnlyList<Pigment> Trays { get; init; }

    /// <summary>The table's colour.</summary>
    public required Pigment Table { get; init; }

    /// <summary>The colour of what is behind the table.</summary>
    public required Pigment Room { get; init; }

    /// <summary>The arm's colour.</summary>
    public required Pigment Arm { get; init; }

    /// <summary>What the table's surface looks like.</summary>
    public required TableTexture Texture { get; init; }

    /// <summary>Pictures of flat things that lie about and mean nothing: how many.</summary>
    public required int Scraps { get; init; }

    /// <summary>Where the light comes from; length 1.</summary>
    public required WorldPoint Light { get; init; }

    /// <summary>The share of light that comes from everywhere.</summary>
    public required double Ambient { get; init; }

    /// <summary>The camera's exposure and white balance: factors for red, green and blue.</summary>
    public required Pigment Gain { get; init; }

    /// <summary>Standard deviation of the sensor's noise at 640×480, of 255.</summary>
    public required double Noise { get; init; }

    /// <summary>For whatever else is drawn at random.</summary>
    public required long DetailSeed { get; init; }

    internal static SceneLook Create(WorldRandom random, ReadOnlySpan<Block> blocks, ReadOnlySpan<Tray> trays)
    {
        var position =
            CameraPosition + new WorldPoint(Jitter(random, 0.012), Jitter(random, 0.012), Jitter(random, 0.012));
        var target = CameraTarget + new WorldPoint(Jitter(random, 0.006), Jitter(random, 0.006), 0);
        var field = (44 + Jitter(random, 0.8)) * Math.PI / 180;
        var gain = random.Between(0.78, 1.15);
        var room = random.Between(80, 190);
        var shadowAngle = random.Between(-Math.PI, Math.PI);
        var shadowLength = random.Between(0.25, 0.7);
        return new SceneLook
        {
            Camera = new Viewpoint(position, target, field, Jitter(random, 0.015)),
            Blocks = Vary(random, blocks),
            Trays = Vary(random, trays),
            Table = Vary(random, TableColours[random.Below(TableColours.Length)], 10),
            Room = Vary(random, new Pigment(room, room, room), 22),
            Arm = Vary(random, ArmColours[random.Below(ArmColours.Length)], 6),
            Texture = (TableTexture)random.Below(Enum.GetValues<TableTexture>().Length),
            Scraps = random.Below(4),
            Light = new WorldPoint(
                shadowLength * Math.Cos(shadowAngle),
                shadowLength * Math.Sin(shadowAngle),
                1
            ).Normalised(),
            Ambient = random.Between(0.5, 0.7),
            Gain = new Pigment(
                gain * random.Between(0.95, 1.05),
                gain * random.Between(0.95, 1.05),
                gain * random.Between(0.95, 1.05)
            ),
            Noise = random.Between(1, 4),
            DetailSeed = (long)(random.NextDouble() * (1L << 52)),
        };
    }

    private static Pigment[] Vary(WorldRandom random, ReadOnlySpan<Block> blocks)
    {
        var pigments = new Pigment[blocks.Length];
        for (var i = 0; i < pigments.Length; i++)
            pigments[i] = Vary(random, Of(blocks[i].Colour), ColourJitter);
        return pigments;
    }

    private static Pigment[] Vary(WorldRandom random, ReadOnlySpan<Tray> trays)
    {
        var pigments = new Pigment[trays.Length];
        for (var i = 0; i < pigments.Length; i++)
            pigments[i] = Vary(random, Of(trays[i].Colour), ColourJitter);
        return pigments;
    }

    private static Pigment Vary(WorldRandom random, Pigment colour, double by) =>
        new(
            Math.Clamp(colour.Red + Jitter(random, by), 0, 255),
            Math.Clamp(colour.Green + Jitter(random, by), 0, 255),
            Math.Clamp(colour.Blue + Jitter(random, by), 0, 255)
        );

    private static Pigment Of(WorldColour colour) => new(colour.Red, colour.Green, colour.Blue);

    private static double Jitter(WorldRandom random, double by) => random.Between(-by, by);
}
