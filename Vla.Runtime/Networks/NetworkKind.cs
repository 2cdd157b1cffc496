using Vla.Actors.Robots;

namespace Vla.Runtime.Networks;

/// <summary>One wire over which robots are driven: how its addresses are written, and what is made of one.</summary>
internal sealed record NetworkKind
{
    /// <summary>How addresses are written.</summary>
    public required NetworkForm Form { get; init; }

    /// <summary>What may follow a robot's question mark.</summary>
    public required IReadOnlyList<NetworkOption> RobotOptions { get; init; }

    /// <summary>What may follow an output's.</summary>
    public required IReadOnlyList<NetworkOption> OutputOptions { get; init; }

    /// <summary>Whether a robot of this kind has a profile without a file.</summary>
    public bool KnowsProfile { get; init; }

    /// <summary>What it is, for the help of commands.</summary>
    public required string About { get; init; }

    /// <summary>Makes the robot; it opens nothing yet.</summary>
    /// <remarks>
    /// Given a profile, it is an output: the robot then tells nothing. Otherwise the profile is its own, or in the file
    /// that the address names.
    /// </remarks>
    public required Func<NetworkAddress, RobotProfile?, TimeProvider, NetworkRobot> Make { get; init; }

    /// <summary>How a robot is written, for help: with what it needs.</summary>
    public string RobotForm =>
        $"{OutputForm}{(KnowsProfile || OutputForm.Contains('?') ? "" : $"?{NetworkOption.Profile}")}";

    /// <summary>How an output is written, for help.</summary>
    public string OutputForm =>
        $"{Form.Scheme}://HOST{Form.Tail}"
        + (OutputOptions.Contains(NetworkOption.Profile) ? $"?{NetworkOption.Profile}" : "");
}
