using Vla.Actors.Policies;
using Vla.Actors.Publishing;
using Vla.Sensors.World;

namespace Vla.Runtime.World;

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
        _world = world;
        _places = [.. spec.Names.Zip(spec.Units, PlaceOf)];
    }

    public bool TryRead(long atNs, Span<float> values)
    {
        Span<float> state = stackalloc float[WorldAction.Dimensions];
        if (!_world.TryReadState(atNs, state)) return false;
        for (var i = 0; i < _places.Length; i++) values[i] = state[_places[i]];
        return true;
    }

    private static int PlaceOf(string name, string unit)
    {
        for (var i = 0; i < Tabletop.StateNames.Count; i++)
            if (Tabletop.StateNames[i] == name && WorldAction.Units[i] == unit) return i;

        var known = string.Join(", ", Tabletop.StateNames.Zip(WorldAction.Units, (known, its) => $"{known} ({its})"));
        throw new PolicyException($"the policy wants to know '{name}' ({unit}) of the robot; the simulated arm knows {known}");
    }
}
