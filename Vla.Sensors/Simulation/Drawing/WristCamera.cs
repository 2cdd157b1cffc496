using Vla.Sensors.Simulation.Physics;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>The camera at the wrist: where it is, and what of the hand it sees before what.</summary>
/// <remarks>
/// It sits on the near side of the palm, a little above it, and leans towards the fingers, so that their tips, what is
/// between them and the table on both sides are in the picture. Up in the picture is away from the arm's front, in the
/// hand's own axes: the fingers are always to the left and the right.
/// </remarks>
internal static class WristCamera
{
    /// <summary>How far it is from the fingers' plane, metres.</summary>
    private const double Aside = 0.06;

    /// <summary>How high above the point between the fingers, metres.</summary>
    private const double Above = 0.08;

    /// <summary>How far beside the point between the fingers it looks, as a share of <see cref="Aside"/>.</summary>
    private const double LooksAside = 0.56;

    /// <summary>Vertical field of view, radians: 78 degrees.</summary>
    private const double Field = 78 * Math.PI / 180;

    /// <summary>Where it is and looks, for a hand.</summary>
    public static Viewpoint Of(in Gripper hand)
    {
        var (sin, cos) = Math.SinCos(hand.Yaw);
        var between = new WorldPoint(hand.X, hand.Y, hand.Z - Gripper.TipBelow);
        // The hand's own v axis; the camera is on its negative side.
        var along = new WorldPoint(-sin, cos, 0);
        var position = between - Aside * along + new WorldPoint(0, 0, Above + Gripper.TipBelow);
        return new Viewpoint(position, between - LooksAside * Aside * along, Field, roll: 0);
    }

    /// <summary>Draws blocks and hand from the furthest to the nearest.</summary>
    /// <remarks>
    /// The camera is in the plane between the fingers: a finger hides what is beyond it, never what is between the two.
    /// </remarks>
    public static void DrawBlocksAndHand(Canvas canvas, Tabletop table)
    {
        var blocks = table.Blocks;
        ref readonly var gripper = ref table.Gripper;
        Span<Footprint> room = stackalloc Footprint[Hand.MostBodies];
        var hand = Hand.Bodies(gripper, blocks, room)[..3];

        Span<int> order = stackalloc int[blocks.Length];
        Span<double> distance = stackalloc double[blocks.Length];
        for (var i = 0; i < blocks.Length; i++)
        {
            order[i] = i;
            distance[i] = -(new WorldPoint(blocks[i].X, blocks[i].Y, blocks[i].Z) - canvas.Camera.Position).Length;
        }

        distance.Sort(order);
        foreach (var i in order)
        {
            if (!IsBetweenFingers(gripper, blocks[i]))
                BlockDrawing.Draw(canvas, blocks[i], table.Look.Blocks[i]);
        }

        for (var finger = 0; finger < 2; finger++)
            ArmDrawing.HandPart(canvas, hand[finger], gripper.Yaw, isPalm: false);
        foreach (var i in order)
        {
            if (IsBetweenFingers(gripper, blocks[i]))
                BlockDrawing.Draw(canvas, blocks[i], table.Look.Blocks[i]);
        }

        ArmDrawing.HandPart(canvas, hand[2], gripper.Yaw, isPalm: true);
    }

    private static bool IsBetweenFingers(in Gripper hand, in Block block) =>
        Math.Abs(Hand.Local(hand, block).U) < hand.Jaw / 2;
}
