using Vla.Sensors.Simulation.Drawing;
using Vla.Sensors.Simulation.Physics;

namespace Vla.Sensors.Simulation;

/// <summary>A table with blocks, trays and a robot arm: the whole state of the simulated world.</summary>
/// <remarks>
/// <para>
/// Metres and radians; x to the right, y away from the camera, z up, the middle of the table is the origin. Kinematic:
/// things move as far as they are moved, keep no momentum but in falling, and never share space.
/// </para>
/// <para>
/// Time runs in quanta of <see cref="QuantumNs"/>, so one step of 100 ms ends in exactly the state that five of 20 ms
/// with the same action do. The same seed, level and actions give the same state on any machine of the same kind.
/// </para>
/// <para>For one thread at a time; <see cref="LiveWorld"/> is for several.</para>
/// </remarks>
public sealed class Tabletop
{
    /// <summary>The step that time is counted in, nanoseconds.</summary>
    public const long QuantumNs = 10 * MonotonicTime.NsPerMs;

    /// <summary>Quanta in a control step of <see cref="WorldAction.StepSeconds"/>.</summary>
    public const int QuantaPerStep = 10;

    /// <summary>The table ends here, to the left and the right.</summary>
    public const double TableHalfWidth = 0.36;

    /// <summary>The table's near edge.</summary>
    public const double TableNear = -0.30;

    /// <summary>The far end of where things can be; the arm's base stands behind it.</summary>
    public const double TableFar = 0.30;

    private readonly Block[] _blocks;
    private readonly Tray[] _trays;
    private readonly Motion _motion;
    private Gripper _gripper;
    private long _restNs;

    internal Tabletop(WorldLevel level, long seed, Block[] blocks, Tray[] trays, in Gripper gripper, SceneLook look)
    {
        (Level, Seed, _blocks, _trays, _gripper, Look) = (level, seed, blocks, trays, gripper, look);
        _motion = new Motion(blocks.Length, trays);
    }

    /// <summary>How hard it is.</summary>
    public WorldLevel Level { get; private set; }

    /// <summary>What it was laid from: the same number lays the same table.</summary>
    public long Seed { get; private set; }

    /// <summary>Quanta since the beginning of the episode.</summary>
    public long Quanta { get; private set; }

    /// <summary>How long it has been going, simulated seconds.</summary>
    public double Seconds => (double)Quanta * QuantumNs / MonotonicTime.NsPerSecond;

    /// <summary>The blocks that lie on it or are held.</summary>
    public ReadOnlySpan<Block> Blocks => _blocks;

    /// <summary>The trays that stand on it.</summary>
    public IReadOnlyList<Tray> Trays => _trays;

    /// <summary>The arm's gripper.</summary>
    public ref readonly Gripper Gripper => ref _gripper;

    /// <summary>
    /// What the camera makes of it: colours, light, view. The same object for a world and its clones.
    /// </summary>
    public SceneLook Look { get; }

    /// <summary>
    /// What <see cref="ReadState"/> writes, in order: the hand's pose, and the jaw's opening from 0 to 1.
    /// </summary>
    public static IReadOnlyList<string> StateNames => WorldAction.Names;

    /// <summary>Lays the table for an episode.</summary>
    /// <param name="seed">Everything that differs between episodes follows from it.</param>
    /// <param name="level">How hard.</param>
    public static Tabletop Create(long seed, WorldLevel level) => TabletopLayout.Create(seed, level);

    /// <summary>
    /// Proprioception: x, y, z, roll, pitch, yaw of the hand (m, rad), jaw opening (0 closed, 1 open).
    /// </summary>
    /// <param name="state">Receives 7 values.</param>
    public void ReadState(Span<float> state)
    {
        state[0] = (float)_gripper.X;
        state[1] = (float)_gripper.Y;
        state[2] = (float)_gripper.Z;
        state[3] = 0;
        state[4] = 0;
        state[5] = (float)_gripper.Yaw;
        state[6] = (float)(_gripper.Jaw / Gripper.JawOpen);
    }

    /// <summary>Acts for one control step of 0.1 s.</summary>
    public void Step(in WorldAction action) => Run(action, QuantaPerStep);

    /// <summary>Acts for so long; what is less than a quantum is kept for the next call.</summary>
    /// <param name="action">In force for the whole time.</param>
    /// <param name="elapsedNs">Nanoseconds, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elapsedNs"/> is negative.</exception>
    public void Advance(in WorldAction action, long elapsedNs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elapsedNs);
        var total = _restNs + elapsedNs;
        Run(action, (int)(total / QuantumNs));
        _restNs = total % QuantumNs;
    }

    /// <summary>A second world in the same state, to try things in.</summary>
    public Tabletop Clone()
    {
        var clone = new Tabletop(Level, Seed, (Block[])_blocks.Clone(), _trays, _gripper, Look);
        (clone.Quanta, clone._restNs) = (Quanta, _restNs);
        return clone;
    }

    /// <summary>Takes over the state of another world of the same episode, without allocating.</summary>
    /// <exception cref="ArgumentException">It is of another episode.</exception>
    public void CopyFrom(Tabletop other)
    {
        if (other.Look != Look)
            throw new ArgumentException("a world takes over the state of its own episode only", nameof(other));
        other._blocks.CopyTo(_blocks, 0);
        (_gripper, Quanta, _restNs) = (other._gripper, other.Quanta, other._restNs);
    }

    /// <summary>Puts the resting hand somewhere, to begin an episode there.</summary>
    /// <param name="x">Brought into the arm's range, like the rest.</param>
    /// <param name="y">Metres.</param>
    /// <param name="z">Metres.</param>
    /// <param name="yaw">Radians.</param>
    /// <param name="jaw">Distance between the fingers, metres.</param>
    /// <returns>False, and nothing has happened, when it would share space with a block or already holds one.</returns>
    public bool TryPlaceGripper(double x, double y, double z, double yaw, double jaw)
    {
        if (_gripper.Holds)
            return false;
        var wanted = new Gripper
        {
            X = Math.Clamp(x, Gripper.MinimumX, Gripper.MaximumX),
            Y = Math.Clamp(y, Gripper.MinimumY, Gripper.MaximumY),
            Z = Math.Clamp(z, Gripper.MinimumZ, Gripper.MaximumZ),
            Yaw = Math.Clamp(yaw, -Gripper.MaximumYaw, Gripper.MaximumYaw),
            Jaw = Math.Clamp(jaw, 0, Gripper.JawOpen),
            Held = -1,
        };
        if (!_motion.IsFree(wanted, _blocks))
            return false;
        _gripper = wanted;
        return true;
    }

    /// <summary>The height of what is right below a block: the table, a tray or another block.</summary>
    public double SupportBelow(int block) => Falling.Support(block, _blocks, _trays, out _);

    private void Run(in WorldAction action, int quanta)
    {
        for (var i = 0; i < quanta; i++)
            _motion.Quantum(action.Finite(), ref _gripper, _blocks);
        Quanta += quanta;
    }
}
