namespace Vla.Sensors.Simulation.Drawing;

/// <summary>Draws a block.</summary>
internal static class BlockDrawing
{
    public static void Draw(Canvas canvas, in Block block, Pigment pigment)
    {
        // A rounded edge that catches the light, and a sunken top: they show how the block is turned.
        const double Edge = 0.0045;
        canvas.Box(
            new WorldPoint(block.X, block.Y, block.Bottom),
            block.Yaw,
            Block.Half,
            Block.Half,
            Block.Size,
            pigment
        );
        var light = canvas.Light(new WorldPoint(0, 0, 1));
        var rim = new Pigment(0.75 * pigment.Red + 60, 0.75 * pigment.Green + 60, 0.75 * pigment.Blue + 60);
        canvas.FillFlat(block.X, block.Y, block.Top, block.Yaw, Block.Half, Block.Half, canvas.Exposed(rim, light));
        canvas.FillFlat(
            block.X,
            block.Y,
            block.Top,
            block.Yaw,
            Block.Half - Edge,
            Block.Half - Edge,
            canvas.Exposed(pigment, light)
        );
    }
}
