namespace Vla.Sensors.Simulation.Tasks;

/// <summary>Disturbs the expert's actions, so that demonstrations also show the way back from mistakes.</summary>
/// <remarks>
/// Each episode has a strength of its own; now and then come a few steps of nonsense, which may also open or close the
/// jaw. The disturbed action is carried out; what a policy should learn is the expert's own. One instance an episode.
/// </remarks>
internal sealed class DemonstrationNoise
{
    private const double BurstChance = 0.03;
    private const double FlipChance = 0.25;
    private const double LowStartChance = 0.25;
    private const double JawStartChance = 0.20;
    private const double CleanChance = 0.2;

    /// <summary>Standard deviations to choose from, as shares of the largest action.</summary>
    private static readonly double[] Strengths = [0, 0.15, 0.3, 0.5];

    private readonly WorldRandom _random;
    private int _burst;
    private bool _flips;
    private WorldAction _nonsense;

    /// <param name="random">Decides everything, beginning with how strong this episode's noise is.</param>
    public DemonstrationNoise(WorldRandom random)
    {
        _random = random;
        IsClean = random.Chance(CleanChance);
        Strength = Strengths[random.Below(Strengths.Length)];
    }

    private DemonstrationNoise(WorldRandom random, bool isClean) => (_random, IsClean) = (random, isClean);

    /// <summary>Leaves every episode alone.</summary>
    public static DemonstrationNoise None(WorldRandom random) => new(random, isClean: true);

    /// <summary>True for an episode that is left alone.</summary>
    public bool IsClean { get; }

    /// <summary>Standard deviation as a share of the largest action.</summary>
    public double Strength { get; }

    /// <summary>Begins some episodes low beside or over a block, or with the jaw half closed.</summary>
    public void DisturbStart(Tabletop table)
    {
        if (IsClean)
            return;
        ref readonly var hand = ref table.Gripper;
        var jaw = _random.Chance(JawStartChance) ? _random.Between(0, Gripper.JawOpen) : hand.Jaw;
        if (!_random.Chance(LowStartChance))
        {
            table.TryPlaceGripper(hand.X, hand.Y, hand.Z, hand.Yaw, jaw);
            return;
        }

        var block = table.Blocks[_random.Below(table.Blocks.Length)];
        const int Tries = 8; // A place may be taken by a block.
        for (var i = 0; i < Tries; i++)
        {
            var x = block.X + _random.Between(-0.05, 0.05);
            var y = block.Y + _random.Between(-0.05, 0.05);
            if (table.TryPlaceGripper(x, y, _random.Between(0.015, 0.09), _random.Between(-0.5, 0.5), jaw))
                return;
        }
    }

    /// <summary>What is carried out instead of what the expert wants.</summary>
    public WorldAction Disturb(in WorldAction wanted)
    {
        if (IsClean)
            return wanted;
        if (_burst == 0 && _random.Chance(BurstChance))
        {
            _burst = 2 + _random.Below(5);
            _flips = _random.Chance(FlipChance);
            _nonsense = new WorldAction(
                Move(_random.Between(-1, 1)),
                Move(_random.Between(-1, 1)),
                Move(_random.Between(-1, 1)),
                0,
                0,
                Turn(_random.Between(-1, 1)),
                0
            );
        }

        if (_burst > 0)
        {
            _burst--;
            return _nonsense with { Gripper = _flips ? 1 - wanted.Gripper : wanted.Gripper };
        }

        return wanted with
        {
            X = wanted.X + Move(Strength * _random.Gaussian()),
            Y = wanted.Y + Move(Strength * _random.Gaussian()),
            Z = wanted.Z + Move(Strength * _random.Gaussian()),
            Yaw = wanted.Yaw + Turn(Strength * _random.Gaussian()),
        };
    }

    private static float Move(double share) => (float)(share * WorldAction.MaximumMove);

    private static float Turn(double share) => (float)(share * WorldAction.MaximumTurn);
}
