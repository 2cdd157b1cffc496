using Vla.Runtime.Simulation;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Teleoperation;

/// <summary>A script that knows the simulated world, in a person's place: <c>expert</c>.</summary>
/// <remarks>
/// It rests while the next episode is set up. Each action is a plan of its own, as a person looks all the time.
/// </remarks>
/// <param name="tabletop">Where it acts.</param>
/// <param name="time">The clock.</param>
/// <param name="hz">How often it tells, a second.</param>
internal sealed class ExpertTeleoperator(SimulatedTabletop tabletop, TimeProvider time, double hz)
    : SteadyTeleoperator(ExpertPolicy.Name, time, hz)
{
    private readonly WorldAction[] _plan = new WorldAction[1];
    private readonly float[] _values = new float[WorldAction.Dimensions];
    private volatile bool _rests;
    private Tabletop? _seen;
    private Tabletop? _scratch;

    protected override void Begin(TeleopFeed feed) => _rests = feed.WaitsForEpisodes;

    public override void ResetBegan() => _rests = true;

    public override void EpisodeBegan() => _rests = false;

    internal override void Turn(TeleopFeed feed, long nowNs, double seconds)
    {
        var task = _rests ? null : tabletop.Episodes.TaskUnderWay;
        _seen = tabletop.World.Observe(_seen);
        if (_scratch?.Look != _seen.Look)
            _scratch = _seen.Clone();
        // A table that is laid anew between the lines above may lack what the task was about.
        if (task is { } known && known.Block < _seen.Blocks.Length && known.Tray < _seen.Trays.Count)
            Expert.Plan(_seen, known, _scratch, _plan);
        else
            _plan[0] = WorldAction.Rest((float)(_seen.Gripper.Jaw / Gripper.JawOpen));
        _plan[0].CopyTo(_values);
        feed.Move(nowNs, _values);
    }
}
