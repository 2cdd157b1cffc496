using Vla.Actors.Policies;

namespace Vla.Actors.Robots;

/// <summary>Brings together what a robot says of itself with what is asked of it: by name, and in the same units.</summary>
public static class RobotStates
{
    /// <summary>However slow the control loop is, a state must not be too old before the next one is read.</summary>
    private const double FewestReadingsHz = 20;

    private const string PolicyKey = "state.names";

    /// <summary>Makes the reader of the one robot among several that gives its state.</summary>
    /// <param name="robots">Those that actions go to.</param>
    /// <param name="profile">Names and units where the robot gives none of its own; its <c>keep</c> dimensions must have the same units.</param>
    /// <param name="time">Stamps the readings.</param>
    /// <param name="rateHz">Readings a second; 20 at least.</param>
    /// <returns>Null when none gives its state.</returns>
    /// <exception cref="RobotProfileException">Several do, or names and units are not as they have to be.</exception>
    public static RobotStateReader? Find(IEnumerable<IRobot> robots, RobotProfile profile, TimeProvider time, double rateHz)
    {
        var giving = robots.Where(robot => robot is IRobotState).ToList();
        if (giving.Count == 0) return null;
        if (giving.Count > 1)
            throw new RobotProfileException($"several outputs give the robot's state ({string.Join(", ", giving.Select(robot => robot.Name))}): give one of them");

        var (robot, state) = (giving[0], (IRobotState)giving[0]);
        var (names, units) = state.StateNames.Count > 0
            ? (state.StateNames, state.StateUnits)
            : ([.. profile.Dimensions.Select(dimension => dimension.Name)], [.. profile.Dimensions.Select(dimension => dimension.Unit)]);
        if (units.Count != names.Count)
            throw new RobotProfileException($"robot '{robot.Name}' names {names.Count} values of its state and {units.Count} units: StateUnits needs one for each of StateNames");
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new RobotProfileException($"robot '{robot.Name}' names '{twice.Key}' twice in its state: StateNames must have each name once");

        // What it says now is kept as it is: a list that changes later changes nothing.
        var reader = new RobotStateReader(state, robot.Name, [.. names], [.. units], time, TimeSpan.FromSeconds(1 / Math.Max(rateHz, FewestReadingsHz)));
        foreach (var dimension in profile.Dimensions.Where(dimension => dimension.Hold == HoldBehaviour.Keep)) Place(reader, dimension.Name, dimension.Unit, "the robot profile has");
        return reader;
    }

    /// <summary>What a policy wants of a robot's state, in its order.</summary>
    /// <exception cref="RobotProfileException">The robot does not give all of it in these units.</exception>
    public static IRobotState Select(RobotStateReader reader, StateSpec wanted)
    {
        var places = new int[wanted.Dimensions];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = Place(reader, wanted.Names[i], wanted.Units[i], "the policy wants") ?? throw new RobotProfileException(
                $"robot '{reader.RobotName}' does not tell '{wanted.Names[i]}', which the policy wants to know ({PolicyKey}): it tells {string.Join(", ", reader.StateNames)}");
        }

        return new Selection(reader, places);
    }

    /// <summary>Where a robot's state tells a value of that name.</summary>
    /// <returns>Null when it does not.</returns>
    /// <exception cref="RobotProfileException">It does, in another unit.</exception>
    internal static int? Place(RobotStateReader reader, string name, string unit, string whoHas)
    {
        for (var i = 0; i < reader.StateNames.Count; i++)
        {
            if (reader.StateNames[i] != name) continue;
            return reader.StateUnits[i] == unit ? i : throw new RobotProfileException(
                $"robot '{reader.RobotName}' tells its {name} in {reader.StateUnits[i]}, {whoHas} it in {unit}: make them the same");
        }

        return null;
    }

    /// <summary>Some of a robot's values, in another order.</summary>
    private sealed class Selection(RobotStateReader reader, int[] places) : IRobotState
    {
        private readonly float[] _all = new float[reader.StateNames.Count];

        public bool TryRead(long atNs, Span<float> values)
        {
            if (!reader.TryRead(atNs, _all)) return false;
            for (var i = 0; i < places.Length; i++) values[i] = _all[places[i]];
            return true;
        }
    }
}
