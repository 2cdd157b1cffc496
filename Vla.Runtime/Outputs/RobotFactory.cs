using Vla.Actors.Robots;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Outputs;

/// <summary>Makes the outputs that <c>--output</c> names.</summary>
public static class RobotFactory
{
    /// <param name="outputs">As given to <c>--output</c>.</param>
    /// <param name="profile">Names and limits of the actions.</param>
    /// <param name="snapshot">What the live view shows besides the action.</param>
    /// <param name="screen">The terminal; null when there is none.</param>
    /// <param name="tabletop">The simulated world, whose arm is then told the actions in any case; null when there is none.</param>
    /// <exception cref="UsageException">An output that is not known or cannot be opened.</exception>
    public static IReadOnlyList<IRobot> Create(
        IEnumerable<string> outputs, RobotProfile profile, Func<ConsoleSnapshot> snapshot, ConsoleScreen? screen, SimulatedTabletop? tabletop = null)
    {
        var wanted = outputs.Select(OutputSpec.Parse).ToList();
        if (tabletop is not null && !wanted.Contains(new OutputSpec.World())) wanted.Insert(0, new OutputSpec.World());
        return [.. wanted.Select(output => Create(output, profile, snapshot, screen, tabletop))];
    }

    private static IRobot Create(
        OutputSpec output, RobotProfile profile, Func<ConsoleSnapshot> snapshot, ConsoleScreen? screen, SimulatedTabletop? tabletop)
    {
        switch (output)
        {
            case OutputSpec.World:
                return tabletop?.Robot()
                    ?? throw new UsageException("output 'world' is the simulated arm, which is there only together with its camera: give --camera world too");
            case OutputSpec.Console:
                return new ConsoleRobot(profile, snapshot, screen, Console.Out);
            case OutputSpec.JsonLines lines:
                var file = new JsonLinesRobot(lines.File, profile);
                file.Open();
                return file;
            case OutputSpec.Udp udp:
                return new UdpRobot(udp.Host, udp.Port, profile);
            case OutputSpec.Library library:
                return RobotLibrary.Load(library.File, library.Address, profile);
            default:
                throw new InvalidOperationException($"no robot for {output}");
        }
    }
}
