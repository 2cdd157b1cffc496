using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Drawing;

namespace Vla.Tests.Sensors.Simulation;

/// <summary>Tables laid by hand.</summary>
internal static class TestTable
{
    public static readonly WorldColour Red = WorldColour.OfBlocks[0];
    public static readonly WorldColour Green = WorldColour.OfBlocks[1];
    public static readonly WorldColour Blue = WorldColour.OfBlocks[2];
    public static readonly WorldColour White = WorldColour.OfTraysOnly[0];
    public static readonly WorldColour Black = WorldColour.OfTraysOnly[1];

    public static Block Cube(WorldColour colour, double x, double y, double z = Block.Half, double yaw = 0) =>
        new()
        {
            Colour = colour,
            X = x,
            Y = y,
            Z = z,
            Yaw = yaw,
        };

    public static Gripper Hand(
        double x,
        double y,
        double z,
        double jaw = Gripper.JawOpen,
        double yaw = 0,
        int held = -1
    ) =>
        new()
        {
            X = x,
            Y = y,
            Z = z,
            Jaw = jaw,
            Yaw = yaw,
            Held = held,
        };

    /// <summary>
    /// A table with a white tray at the front left, a black one at the front right, and these blocks.
    /// </summary>
    public static Tabletop With(Gripper hand, params Block[] blocks)
    {
        Tray[] trays = [new(White, -0.15, -0.12), new(Black, 0.15, -0.12)];
        return new Tabletop(
            WorldLevel.Level1,
            0,
            blocks,
            trays,
            hand,
            SceneLook.Create(new WorldRandom(1), blocks, trays)
        );
    }

    public static void Act(this Tabletop table, WorldAction action, int steps)
    {
        for (var i = 0; i < steps; i++)
            table.Step(action);
    }

    /// <summary>Everything that a state consists of.</summary>
    public static double[] Everything(Tabletop table)
    {
        var hand = table.Gripper;
        List<double> all =
        [
            table.Quanta,
            hand.X,
            hand.Y,
            hand.Z,
            hand.Yaw,
            hand.Jaw,
            hand.Held,
            hand.SpeedX,
            hand.SpeedY,
            hand.SpeedZ,
            hand.SpeedYaw,
        ];
        foreach (var block in table.Blocks)
            all.AddRange([block.X, block.Y, block.Z, block.Yaw]);
        foreach (var tray in table.Trays)
            all.AddRange([tray.X, tray.Y]);
        return [.. all];
    }
}
