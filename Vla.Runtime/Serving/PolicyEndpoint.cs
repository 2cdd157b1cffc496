namespace Vla.Runtime.Serving;

/// <summary>One address at which a policy is served by one protocol.</summary>
internal abstract class PolicyEndpoint : IAsyncDisposable
{
    /// <summary>How long an end may take.</summary>
    protected static readonly TimeSpan StopBound = TimeSpan.FromSeconds(5);

    /// <summary>Where it listens, once it does.</summary>
    public abstract Uri Address { get; }

    /// <exception cref="IOException">It cannot listen there.</exception>
    public abstract Task StartAsync();

    /// <summary>Ends, whoever is connected.</summary>
    public abstract ValueTask DisposeAsync();
}
