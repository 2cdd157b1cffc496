using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Actors.Policies.Remote;

/// <summary>
/// A connection to a policy server: one observation after the other, each with the answer to it and to no other.
/// </summary>
/// <remarks>
/// Used by one thread, which waits. Whatever does not go as it should ends the connection: a new one is opened, and so
/// no answer is ever taken for that to another observation.
/// </remarks>
internal abstract class WireConnection : IDisposable
{
    /// <summary>Longest message from a server: a chunk of actions is a thousandth of it.</summary>
    public const int LongestMessage = 16 * 1024 * 1024;

    /// <summary>What the server said of itself when it was connected.</summary>
    public WireMap Metadata { get; protected set; } = new();

    /// <summary>Sends an observation and waits for its answer.</summary>
    /// <param name="request">Not kept.</param>
    /// <param name="timeout">How long that may take together.</param>
    /// <returns>There until the next exchange.</returns>
    /// <exception cref="PolicyException">The server failed, or says what cannot be; the connection is of no more
    /// use.</exception>
    public abstract ReadOnlyMemory<byte> Exchange(ReadOnlyMemory<byte> request, TimeSpan timeout);

    /// <summary>Breaks the connection off; nobody waits for the other side's good-bye.</summary>
    public abstract void Dispose();
}
