using Vla.Actors.Control;
using Vla.Actors.Robots;

namespace Vla.Runtime.Hosting;

/// <summary>What became of a stop or a resume, in words: the same at the prompt, on the page and over HTTP.</summary>
internal static class OutcomeWords
{
    private const string Beware = "the robot may still be moving: use its own emergency stop";

    public static string OfStop(RequestOutcome outcome) =>
        outcome switch
        {
            { HasStopped: true } => "the robot is stopped until /resume",
            { Obeyed: null } => $"the stop is not published: the control loop publishes nothing; {Beware}",
            { Obeyed.State: not ControlState.Stop } =>
                "somebody resumed the robot before the stop was published: stop it again",
            _ => $"the stop is published, but {string.Join("; ", outcome.Without.Select(NotTaken))}; {Beware}",
        };

    public static string OfResume(RequestOutcome outcome) =>
        outcome.Obeyed switch
        {
            null => "the robot is not resumed yet: the control loop publishes nothing",
            { State: ControlState.Stop } stop => $"the robot is stopped again: {stop.Reason}",
            { State: ControlState.Hold } => "resumed; waiting for a fresh action",
            _ => "resumed",
        };

    private static string NotTaken(OutputSnapshot output) =>
        $"output {output.Name} has not taken it: {output.WhyNotTaken}";
}
