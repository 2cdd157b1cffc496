using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Evaluation;

/// <summary>
/// The scripted expert, which knows the state of the world and needs no words: the mark to compare policies with.
/// </summary>
internal sealed class ExpertRunner : IEpisodeRunner
{
    public Task<EpisodeResult> RunAsync(Episode episode, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var rollout = new Rollout(episode);
        while (!rollout.IsOver)
            rollout.Step(Expert.Act(rollout.Table, episode.Assignment.Task));
        return Task.FromResult(rollout.Result());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
