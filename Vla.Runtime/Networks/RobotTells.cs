using Vla.Actors.Robots;

namespace Vla.Runtime.Networks;

/// <summary>What a robot on a network tells of where it is: names and units, in order.</summary>
internal sealed record RobotTells(IReadOnlyList<string> Names, IReadOnlyList<string> Units)
{
    private const int Most = 256;

    /// <summary>Nothing.</summary>
    public static readonly RobotTells Nothing = new([], []);

    /// <summary>Of a robot that says nothing of it: the positions among what it is told, in the same units.</summary>
    public static RobotTells PositionsOf(RobotProfile profile)
    {
        var kept = profile.Dimensions.Where(dimension => dimension.Hold == HoldBehaviour.Keep).ToList();
        return new([.. kept.Select(dimension => dimension.Name)], [.. kept.Select(dimension => dimension.Unit)]);
    }

    /// <summary>As an address says it (<see cref="NetworkOption.State"/>).</summary>
    /// <exception cref="RobotProfileException">A name is no dimension and has no unit.</exception>
    public static RobotTells Of(string? option, RobotProfile profile)
    {
        if (option is null)
            return PositionsOf(profile);
        if (option == "none")
            return Nothing;
        var (names, units) = (new List<string>(), new List<string>());
        foreach (var part in option.Split(','))
        {
            var colon = part.LastIndexOf(':');
            var (name, unit) = colon < 0 ? (part, null) : (part[..colon], part[(colon + 1)..]);
            unit ??= profile.Dimensions.FirstOrDefault(dimension => dimension.Name == name)?.Unit;
            if (unit is null || name.Length == 0 || unit.Length == 0)
            {
                throw new RobotProfileException(
                    $"state={option}: '{part}' is no dimension of the robot profile '{profile.Name}' "
                        + $"({string.Join(' ', profile.Dimensions.Select(d => d.Name))}): give its unit too, NAME:UNIT"
                );
            }

            names.Add(name);
            units.Add(unit);
        }

        if (names.Count > Most)
            throw new RobotProfileException($"state={option} names {names.Count} values; allowed are {Most}");
        return new(names, units);
    }
}
