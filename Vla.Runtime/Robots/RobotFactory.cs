using Vla.Actors.Publishing;

namespace Vla.Runtime.Robots;

/// <summary>Makes the outputs that <c>--output</c> names.</summary>
public static class RobotFactory
{
    /// <param name="outputs">As given to <c>--output</c>.</param>
    /// <param name="profile">Names and limits of the actions.</param>
    /// <param name="snapshot">What the live view shows besides the action.</param>
    /// <param name="screen">The terminal; null when there is none.</param>
    /// <exception cref="UsageException">An output that is not known or cannot be opened.</exception>
    public static IReadOnlyList<IRobot> Create(
        IEnumerable<string> outputs, RobotProfile profile, Func<ConsoleSnapshot> snapshot, ConsoleScreen? screen) =>
        [.. outputs.Select(output => Create(OutputSpec.Parse(output), profile, snapshot, screen))];

    private static IRobot Create(OutputSpec output, RobotProfile profile, Func<ConsoleSnapshot> snapshot, ConsoleScreen? screen)
    {
        switch (output)
        {
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
