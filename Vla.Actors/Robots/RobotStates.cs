using Vla.Actors.Pipeline;
using Vla.Actors.Policies;

namespace Vla.Actors.Robots;

/// <summary>
/// Brings together what a robot says of itself with what is asked of it: by name, and in the same units.
/// </summary>
internal static class RobotStates
{
    private const string PolicyKey = "state.names";

    /// <summary>Makes the reader of a robot's state.</summary>
    /// <param name="robot">Whose.</param>
    /// <param name="profile">Its <c>keep</c> dimensions must have the same units in both.</param>
    /// <param name="time">The clock.</param>
    /// <param name="rateHz">The control loop's rate.</param>
    /// <returns>Null for a robot that feels nothing.</returns>
    /// <exception cref="RobotProfileException">Names and units are not as they have to be.</exception>
    public static RobotStateReader? ReaderOf(IRobot robot, RobotProfile profile, TimeProvider time, double rateHz)
    {
        if (robot.StateNames.Count == 0)
            return null;
        var reader = new RobotStateReader(robot, time, rateHz);
        foreach (var dimension in profile.Dimensions.Where(dimension => dimension.Hold == HoldBehaviour.Keep))
            Place(reader, dimension.Name, dimension.Unit, "the robot profile has");
        return reader;
    }

    /// <summary>What a policy wants of a robot's state, in its order.</summary>
    /// <exception cref="RobotProfileException">The robot does not give all of it in these units.</exception>
    public static IRobotState Select(RobotStateReader reader, StateSpec wanted)
    {
        var places = new int[wanted.Dimensions];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] =
                Place(reader, wanted.Names[i], wanted.Units[i], "the policy wants")
                ?? throw new RobotProfileException(
                    $"robot '{reader.RobotName}' does not tell '{wanted.Names[i]}', which the policy wants to know "
                        + $"({PolicyKey}): it tells {string.Join(", ", reader.StateNames)}"
                );
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
            if (reader.StateNames[i] != name)
                continue;
            return reader.StateUnits[i] == unit
                ? i
                : throw new RobotProfileException(
                    $"robot '{reader.RobotName}' tells its {name} in {reader.StateUnits[i]}, {whoHas} it in {unit}: "
                        + "make them the same"
                );
        }

        return null;
    }

    /// <summary>Checks that what a robot names can be told apart, and that each has a unit.</summary>
    internal static void RequireNamed(
        string robot,
        string what,
        IReadOnlyList<string> names,
        IReadOnlyList<string> units
    )
    {
        var property = char.ToUpperInvariant(what[0]) + what[1..];
        if (units.Count != names.Count)
            throw new RobotProfileException(
                $"robot '{robot}' names {names.Count} values of its {what} and {units.Count} units: {property}Units "
                    + $"needs one for each of {property}Names"
            );
        if (names.Concat(units).Any(string.IsNullOrWhiteSpace))
            throw new RobotProfileException(
                $"robot '{robot}' has an empty name or unit in its {what}: name each value, and give 1 for what has "
                    + "no unit"
            );
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new RobotProfileException(
                $"robot '{robot}' names '{twice.Key}' twice in its {what}: {property}Names must have each name once"
            );
    }

    /// <summary>Some of a robot's values, in another order.</summary>
    private sealed class Selection(RobotStateReader reader, int[] places) : IRobotState
    {
        private const int OnStack = 256;

        public bool TryRead(long atNs, Span<float> values, out long readNs)
        {
            // Of the caller's own: several threads may ask at a time.
            var count = reader.StateNames.Count;
            var all = count <= OnStack ? stackalloc float[count] : new float[count];
            if (!reader.TryRead(atNs, all, out readNs))
                return false;
            for (var i = 0; i < places.Length; i++)
                values[i] = all[places[i]];
            return true;
        }
    }
}
