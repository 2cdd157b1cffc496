namespace Vla.Actors.Policies.Remote;

/// <summary>What a policy behind a wire does, as provenance names it.</summary>
internal static class RemoteSteps
{
    /// <summary>The observation becomes a message.</summary>
    public const string Pack = "pack";

    /// <summary>
    /// Both ways over the network, where the server says how long it worked: it is not known how much of it was which
    /// way, so all of it stands before the work.
    /// </summary>
    public const string Wire = "wire";

    /// <summary>
    /// The server's work as it says itself (<c>server_timing</c>, <c>infer_ms</c>); from the question to the answer
    /// where it does not.
    /// </summary>
    public const string Server = "server";

    /// <summary>The answer becomes a chunk.</summary>
    public const string Unpack = "unpack";

    /// <summary>One actor does them all.</summary>
    public static IReadOnlyList<PolicyStep> All { get; } = [new(Server, "policy server")];
}
