using Vla.Actors.Policies;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using static TorchSharp.torch;

namespace Vla.Runtime.Evaluation;

/// <summary>Tries a policy on many episodes and counts.</summary>
internal static class PolicyEvaluation
{
    /// <summary>More failures than this are counted, but not kept to be looked at.</summary>
    public const int MostKeptFailures = 12;

    /// <summary>Two side by side keep a core busy while another draws; more take memory and gain little.</summary>
    public static int SideBySide => Math.Clamp(Environment.ProcessorCount, 1, 8);

    /// <summary>Evaluates a policy step by step, as fast as the machine can.</summary>
    /// <param name="policy">Says what its pictures, words, state and actions are.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="plan">Which episodes.</param>
    /// <param name="say">Told after every episode, from any thread, one call at a time.</param>
    /// <param name="cancellation">Ends it; what was done by then counts.</param>
    /// <exception cref="PolicyException">It is not made for the tabletop, or a stage failed.</exception>
    public static async Task<IReadOnlyList<EpisodeResult>> RunAsync(
        IPolicy policy,
        Device device,
        EvaluationPlan plan,
        Action<EvaluationProgress>? say = null,
        CancellationToken cancellation = default
    )
    {
        var runners = new List<IEpisodeRunner>();
        try
        {
            for (var i = 0; i < Math.Min(SideBySide, plan.Episodes); i++)
                runners.Add(new PolicyRunner(policy, device));
            return await RunAsync(runners, plan, say, cancellation);
        }
        finally
        {
            foreach (var runner in runners)
                await runner.DisposeAsync();
        }
    }

    /// <summary>Evaluates a policy against the clock, one episode after the other.</summary>
    /// <param name="policy">What drives the arm; null for the expert.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="options">The arm, and what else a run is set to.</param>
    /// <param name="plan">Which episodes.</param>
    /// <param name="say">Told after every episode.</param>
    /// <param name="cancellation">Ends it; what was done by then counts.</param>
    /// <exception cref="PolicyException">It is not made for the tabletop, or a stage failed.</exception>
    public static async Task<IReadOnlyList<EpisodeResult>> RunInRealTimeAsync(
        IPolicy? policy,
        Device device,
        RealTimeOptions options,
        EvaluationPlan plan,
        Action<EvaluationProgress>? say,
        CancellationToken cancellation
    )
    {
        options = options with
        {
            World = new WorldSettings { Level = plan.Level, AttemptSeconds = Rollout.SecondsLimit },
        };
        await using var runner = new RealTimeRunner(
            policy is null
                ? await RealTimeEpisodes.StartWithExpertAsync(options, cancellation)
                : await RealTimeEpisodes.StartAsync(policy, device, options, cancellation)
        );
        return await RunAsync([runner], plan, say, cancellation);
    }

    /// <summary>Hands a plan's episodes out to runners that work side by side.</summary>
    /// <returns>In the order of the plan, whoever carried them out; fewer than planned when it was cancelled.</returns>
    public static async Task<IReadOnlyList<EpisodeResult>> RunAsync(
        IReadOnlyList<IEpisodeRunner> runners,
        EvaluationPlan plan,
        Action<EvaluationProgress>? say,
        CancellationToken cancellation
    )
    {
        var episodes = plan.Lay();
        var results = new EpisodeResult?[episodes.Count];
        var turn = new Lock();
        var kept = new SortedSet<int>();
        int begun = 0,
            done = 0,
            succeeded = 0;
        using var failure = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAll(runners.Select(runner => Task.Run(() => WorkAsync(runner), CancellationToken.None)));
        return [.. results.OfType<EpisodeResult>()];

        async Task WorkAsync(IEpisodeRunner runner)
        {
            try
            {
                while (Interlocked.Increment(ref begun) - 1 is var number && number < episodes.Count)
                    Store(number, await runner.RunAsync(episodes[number], failure.Token));
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // The episode under way has no result; those before it have.
            }
            catch
            {
                await failure.CancelAsync();
                throw;
            }
        }

        void Store(int number, EpisodeResult result)
        {
            lock (turn)
            {
                results[number] = result;
                done++;
                if (result.Succeeded)
                    succeeded++;
                else
                    kept.Add(number);
                // The first ones by number, whichever ended first: the same at every run.
                if (kept.Count > MostKeptFailures)
                {
                    results[kept.Max] = results[kept.Max]! with { States = [] };
                    kept.Remove(kept.Max);
                }

                say?.Invoke(new EvaluationProgress(done, episodes.Count, succeeded));
            }
        }
    }
}

/// <summary>How far an evaluation is.</summary>
/// <param name="Done">Episodes that have ended.</param>
/// <param name="Episodes">Of how many.</param>
/// <param name="Succeeded">How many of those that have ended.</param>
internal readonly record struct EvaluationProgress(int Done, int Episodes, int Succeeded);
