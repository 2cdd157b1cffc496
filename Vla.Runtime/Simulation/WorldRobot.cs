using Vla.Actors.Robots;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Simulation;

/// <summary>The simulated tabletop's arm: <c>--robot world</c>.</summary>
/// <param name="world">Where it stands; not disposed here.</param>
/// <param name="episodes">Say when the task is done.</param>
internal sealed class WorldRobot(LiveWorld world, WorldEpisodes episodes) : IRobot
{
    public string Name => "world";

    public IReadOnlyList<string> ActionNames => WorldAction.Names;

    public IReadOnlyList<string> ActionUnits => WorldAction.Units;

    public IReadOnlyList<string> StateNames => Tabletop.StateNames;

    public IReadOnlyList<string> StateUnits => WorldAction.Units;

    public bool IsSimulated => true;

    /// <summary>
    /// The world writes down what the arm feels whenever somebody looks: at each picture, to the moment.
    /// </summary>
    public StateRing States => world.States;

    public void Connect(CancellationToken cancellation) { }

    public void Disconnect() { }

    public long ReadState(Span<float> values)
    {
        world.ReadState(values);
        return world.States.NewestNs ?? 0;
    }

    /// <remarks>
    /// Stop and hold are the same to an arm without momentum: it stays, with its jaw as it was told. It also stays when
    /// the action was decided upon before the table was laid anew, since what it is about is no longer there; when the
    /// task is done: a policy that has learnt to push would push on to the table's edge; and while the instruction
    /// names a thing that is not on the table: a policy takes another one then.
    /// </remarks>
    public void Apply(PublishedAction action)
    {
        var acts =
            action.State == ControlState.Policy
            && action.Origin.CapturedNs >= world.EpisodeBeganNs
            && !episodes.IsDone
            && !episodes.IsMissing;
        if (acts)
            world.Command(WorldAction.From(action.Values.AsSpan()));
        else
            world.Hold();
    }

    public void Dispose() { }
}
