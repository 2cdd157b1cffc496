using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>
/// One observation of nothing for a policy server, so that one that does not take it is known before anything moves.
/// </summary>
internal static class RemoteTrial
{
    /// <summary>What is said, as openpi's own example does.</summary>
    private const string Words = "do something";

    /// <summary>How long the first answer may take, for which many servers compile.</summary>
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(110);

    /// <summary>Sends black pictures, and 0 for all numbers.</summary>
    /// <returns>How many actions came.</returns>
    /// <exception cref="PolicyException">
    /// The server does not take it, or answers what is none of this robot's.
    /// </exception>
    public static int Run(RemotePolicy policy)
    {
        WorkStep.Begin($"trying {policy.Address.Where}");
        using var connection = policy.Address.Protocol.Open(policy.Address);
        IReadOnlyList<string> names = [.. policy.Sent.Select(picture => picture.Name)];
        using var seen = new Observation(names, [.. names.Select(name => new FramePool(policy.ImageOf(name)).Rent())]);
        for (var i = 0; i < names.Count; i++)
            Array.Clear(seen[i].Pixels);
        if (policy.State.Dimensions > 0)
            seen.State = new RobotReading(policy.State.Names, new float[policy.State.Dimensions], 0);
        return policy.Check(connection.Exchange(policy.Request().Write(seen, Words), FirstAnswer)).Horizon;
    }
}
