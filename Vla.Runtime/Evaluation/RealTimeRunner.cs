using Vla.Runtime.Simulation;

namespace Vla.Runtime.Evaluation;

/// <summary>A policy or the expert against the clock, through the whole pipeline of the daemon.</summary>
/// <param name="episodes">Started; ended with this. Only one of these at a time measures what a robot would
/// get.</param>
internal sealed class RealTimeRunner(RealTimeEpisodes episodes) : IEpisodeRunner
{
    public async Task<EpisodeResult> RunAsync(Episode episode, CancellationToken cancellation)
    {
        var outcome = await episodes.RunAsync(episode.Lay(), episode.Assignment, cancellation);
        var reason = outcome.Judgement switch
        {
            Judgement.Succeeded => "",
            Judgement.Failed => outcome.Reason,
            _ => Rollout.Timeout,
        };
        return new EpisodeResult(episode, reason, outcome.Seconds, outcome.Succeeded ? [] : outcome.States);
    }

    public ValueTask DisposeAsync() => episodes.DisposeAsync();
}
