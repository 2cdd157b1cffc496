using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Evaluation;

/// <summary>The arm's state as it was when the picture was taken that is being worked on.</summary>
/// <remarks>Written before the picture is told on and read by the stages behind it: the message orders the two.</remarks>
public sealed class StateAsSeen : IRobotState
{
    private readonly int[] _places;
    private readonly float[] _state = new float[Tabletop.StateNames.Count];

    /// <param name="spec">Any of <see cref="Tabletop.StateNames"/>, in any order.</param>
    /// <exception cref="PolicyException">It wants to know what this arm cannot tell.</exception>
    public StateAsSeen(StateSpec spec)
    {
        TabletopFit.Require(spec);
        _places = [.. spec.Names.Select(name => Tabletop.StateNames.ToList().IndexOf(name))];
    }

    public void Look(Tabletop table) => table.ReadState(_state);

    public bool TryRead(long atNs, Span<float> values, out long readNs)
    {
        readNs = atNs;
        for (var i = 0; i < _places.Length; i++) values[i] = _state[_places[i]];
        return true;
    }
}
