namespace Vla.Runtime.Evaluation;

/// <summary>
/// Carries out episodes, one at a time: the expert, a policy step by step, or a policy against the clock.
/// </summary>
internal interface IEpisodeRunner : IAsyncDisposable
{
    /// <exception cref="Vla.Actors.Policies.PolicyException">The policy failed at it.</exception>
    Task<EpisodeResult> RunAsync(Episode episode, CancellationToken cancellation);
}
