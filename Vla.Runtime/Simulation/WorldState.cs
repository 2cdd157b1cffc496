using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Evaluation;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Simulation;

/// <summary>The state of the simulated arm as a policy wants it: any of its dimensions, in any order.</summary>
public sealed class WorldState : IRobotState
{
    private readonly LiveWorld _world;
    private readonly int[] _places;

    /// <param name="world">Whose arm.</param>
    /// <param name="spec">What the policy wants.</param>
    /// <exception cref="PolicyException">It wants what this arm does not know of itself.</exception>
    public WorldState(LiveWorld world, StateSpec spec)
    {
        TabletopFit.Require(spec);
        _world = world;
        _places = [.. spec.Names.Select(name => Tabletop.StateNames.ToList().IndexOf(name))];
    }

    public bool TryRead(long atNs, Span<float> values)
    {
        Span<float> state = stackalloc float[WorldAction.Dimensions];
        if (!_world.TryReadState(atNs, state)) return false;
        for (var i = 0; i < _places.Length; i++) values[i] = state[_places[i]];
        return true;
    }
}
