using Vla.Actors.Robots;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Simulation;

/// <summary>The simulated tabletop's arm: <c>--output world</c>.</summary>
/// <param name="world">Where it stands; not disposed here.</param>
/// <param name="episodes">Say when the task is done.</param>
public sealed class WorldRobot(LiveWorld world, WorldEpisodes episodes) : IRobot
{
    public string Name => "world";

    /// <remarks>
    /// Stop and hold are the same to an arm without momentum: it stays, with its jaw as it was told. It also stays when the
    /// action was decided upon before the table was laid anew, since what it is about is no longer there; when the task is
    /// done: a policy that has learnt to push would push on to the table's edge; and while the instruction names a thing that is
    /// not on the table: a policy takes another one then.
    /// </remarks>
    public void Apply(PublishedAction action)
    {
        var acts = action.State == ControlState.Policy && action.Origin.CapturedNs >= world.EpisodeBeganNs && !episodes.IsDone && !episodes.IsMissing;
        if (acts) world.Command(WorldAction.From(action.Values.AsSpan()));
        else world.Hold();
    }

    public void Dispose()
    {
    }
}
