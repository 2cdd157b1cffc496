namespace Vla.Sensors.Simulation.Drawing;

/// <summary>A paper, a coin or a pencil that lies about: flat, and of no colour that an instruction names.</summary>
internal readonly record struct Scrap
{
    private const int Coin = 1;

    private int Kind { get; init; }

    private double X { get; init; }

    private double Y { get; init; }

    private double Yaw { get; init; }

    private Pigment Pigment { get; init; }

    /// <summary>Half its length, or a coin's radius, metres.</summary>
    private double Half { get; init; }

    private double HalfWidth { get; init; }

    /// <summary>Lays one somewhere on the table.</summary>
    public static Scrap Lay(WorldRandom random)
    {
        // In this order: the same seed has always laid the same scraps.
        double x = random.Between(-0.33, 0.33),
            y = random.Between(-0.26, 0.33),
            yaw = random.Between(0, Math.PI);
        var grey = random.Between(95, 205);
        var pigment = new Pigment(
            grey + random.Between(-12, 14),
            grey + random.Between(-10, 10),
            grey + random.Between(-16, 10)
        );
        var kind = random.Below(3);
        var (half, halfWidth) = kind switch
        {
            0 => (random.Between(0.015, 0.035), random.Between(0.01, 0.025)),
            Coin => (random.Between(0.008, 0.014), 0),
            _ => (random.Between(0.05, 0.08), 0.003),
        };
        return new Scrap
        {
            Kind = kind,
            X = x,
            Y = y,
            Yaw = yaw,
            Pigment = pigment,
            Half = half,
            HalfWidth = halfWidth,
        };
    }

    public void Draw(Canvas canvas)
    {
        var colour = canvas.Exposed(Pigment, canvas.Light(new WorldPoint(0, 0, 1)));
        if (Kind != Coin)
        {
            canvas.FillFlat(X, Y, 0, Yaw, Half, HalfWidth, colour);
            return;
        }

        const int Corners = 16;
        Span<WorldPoint> coin = stackalloc WorldPoint[Corners];
        for (var i = 0; i < Corners; i++)
        {
            var (sin, cos) = Math.SinCos(2 * Math.PI * i / Corners);
            coin[i] = new WorldPoint(X + Half * cos, Y + Half * sin, 0);
        }

        canvas.Fill(coin, colour);
    }
}
