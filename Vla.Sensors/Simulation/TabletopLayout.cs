using Vla.Sensors.Simulation.Drawing;

namespace Vla.Sensors.Simulation;

/// <summary>Lays the table at random: which blocks and trays, where, and where the arm begins.</summary>
/// <remarks>
/// Distances leave room for the open jaw between any two blocks, whichever way it is turned, so that every block can be
/// picked up.
/// </remarks>
internal static class TabletopLayout
{
    public const double BlockReachX = 0.20;
    public const double BlockReachY = 0.165;
    public const double TrayReachX = 0.18;
    public const double TrayReachY = 0.14;
    public const double BetweenBlocks = 0.085;
    public const double BetweenBlockAndTray = 0.10;
    public const double BetweenBlockAndTrayAlongAxis = 0.085;
    public const double BetweenTrays = 0.125;
    public const double BetweenTraysAlongAxis = 0.11;

    /// <summary>How much further left the left one of two blocks of a colour is.</summary>
    public const double BetweenTwins = 0.09;

    public const double Level1Turn = 0.3;
    public const double Level2Turn = Math.PI / 4;

    private const double TwinsChance = 0.5;
    private const int MostTries = 200;

    public static Tabletop Create(long seed, WorldLevel level)
    {
        if (!Enum.IsDefined(level))
            throw new ArgumentOutOfRangeException(nameof(level), level, "there are level 1 and level 2");
        var random = new WorldRandom(seed, stream: (int)level);
        while (true)
        {
            if (TryLay(random, level) is not var (blocks, trays))
                continue;
            var hand = new Gripper
            {
                X = random.Between(-0.20, 0.20),
                Y = random.Between(-0.15, 0.15),
                Z = random.Between(0.10, 0.18),
                Yaw = random.Between(-0.3, 0.3),
                Jaw = Gripper.JawOpen,
                Held = -1,
            };
            var look = SceneLook.Create(new WorldRandom(seed, stream: 100 + (int)level), blocks, trays);
            return new Tabletop(level, seed, blocks, trays, hand, look);
        }
    }

    private static (Block[] Blocks, Tray[] Trays)? TryLay(WorldRandom random, WorldLevel level)
    {
        var colours = WorldColour.OfBlocks.ToArray();
        random.Shuffle<WorldColour>(colours);
        var count = 3 + random.Below(3);
        var blockColours = colours[..count];
        if (level == WorldLevel.Level2 && random.Chance(TwinsChance))
            blockColours[1] = blockColours[0];

        WorldColour[] trayColours = [.. WorldColour.OfBlocks.Except(blockColours), .. WorldColour.OfTraysOnly];
        random.Shuffle<WorldColour>(trayColours);

        var trays = new Tray[2];
        for (var i = 0; i < trays.Length; i++)
        {
            if (PlaceTray(random, trayColours[i], trays.AsSpan(0, i)) is not { } tray)
                return null;
            trays[i] = tray;
        }

        var blocks = new Block[count];
        var turn = level == WorldLevel.Level1 ? Level1Turn : Level2Turn;
        for (var i = 0; i < count; i++)
        {
            if (PlaceBlock(random, blockColours[i], turn, blocks.AsSpan(0, i), trays) is not { } block)
                return null;
            blocks[i] = block;
        }

        return (blocks, trays);
    }

    private static Tray? PlaceTray(WorldRandom random, WorldColour colour, ReadOnlySpan<Tray> others)
    {
        for (var i = 0; i < MostTries; i++)
        {
            var tray = new Tray(
                colour,
                random.Between(-TrayReachX, TrayReachX),
                random.Between(-TrayReachY, TrayReachY)
            );
            var free = true;
            foreach (var other in others)
                free &= Apart(tray.X - other.X, tray.Y - other.Y, BetweenTrays, BetweenTraysAlongAxis);
            if (free)
                return tray;
        }

        return null;
    }

    private static Block? PlaceBlock(
        WorldRandom random,
        WorldColour colour,
        double turn,
        ReadOnlySpan<Block> others,
        ReadOnlySpan<Tray> trays
    )
    {
        for (var i = 0; i < MostTries; i++)
        {
            var block = new Block
            {
                Colour = colour,
                X = random.Between(-BlockReachX, BlockReachX),
                Y = random.Between(-BlockReachY, BlockReachY),
                Z = Block.Half,
                Yaw = random.Between(-turn, turn),
            };
            var free = true;
            foreach (ref readonly var other in others)
            {
                free &=
                    Apart(block.X - other.X, block.Y - other.Y, BetweenBlocks, 0)
                    && (other.Colour != colour || Math.Abs(block.X - other.X) >= BetweenTwins);
            }

            foreach (var tray in trays)
                free &= Apart(block.X - tray.X, block.Y - tray.Y, BetweenBlockAndTray, BetweenBlockAndTrayAlongAxis);
            if (free)
                return block;
        }

        return null;
    }

    private static bool Apart(double dx, double dy, double distance, double alongAxis) =>
        dx * dx + dy * dy >= distance * distance && Math.Max(Math.Abs(dx), Math.Abs(dy)) >= alongAxis;
}
