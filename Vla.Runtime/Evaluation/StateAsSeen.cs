using Vla.Actors.Policies;
using Vla.Runtime.Simulation;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Evaluation;

/// <summary>What a policy wants of the arm's state, for the observation that it goes with.</summary>
internal sealed class StateAsSeen
{
    private readonly int[] _places;
    private readonly IReadOnlyList<string> _names;

    /// <param name="spec">Any of <see cref="Tabletop.StateNames"/>, in any order.</param>
    /// <exception cref="PolicyException">It wants to know what this arm cannot tell.</exception>
    public StateAsSeen(StateSpec spec)
    {
        TabletopFit.Require(spec);
        _names = spec.Names;
        _places = [.. spec.Names.Select(name => Tabletop.StateNames.ToList().IndexOf(name))];
    }

    /// <returns>Null for a policy that wants none.</returns>
    public RobotReading? Of(Tabletop table, long atNs)
    {
        if (_places.Length == 0)
            return null;
        Span<float> state = stackalloc float[Tabletop.StateNames.Count];
        table.ReadState(state);
        var values = new float[_places.Length];
        for (var i = 0; i < _places.Length; i++)
            values[i] = state[_places[i]];
        return new RobotReading(_names, values, atNs);
    }
}
