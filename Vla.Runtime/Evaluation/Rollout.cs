using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Evaluation;

/// <summary>An episode being carried out step by step: the table, its judge, and the time that is left.</summary>
internal sealed class Rollout
{
    /// <summary>An episode takes at most so many control steps of 0.1 s.</summary>
    public const int StepLimit = 90;

    public const double SecondsLimit = StepLimit * WorldAction.StepSeconds;

    public const string Timeout = "timeout";

    private readonly TaskJudge _judge;
    private readonly List<Tabletop> _states = [];
    private int _steps;

    public Rollout(Episode episode)
    {
        Episode = episode;
        Table = episode.Lay();
        _judge = new TaskJudge(episode.Assignment.Task, Table);
        _states.Add(Table.Clone());
    }

    public Episode Episode { get; }

    public Tabletop Table { get; }

    public bool IsOver => _judge.State != TaskState.UnderWay || _steps >= StepLimit;

    /// <summary>Acts for one control step and judges; nothing happens once the episode is over.</summary>
    public void Step(in WorldAction action)
    {
        if (IsOver)
            return;
        Table.Step(action);
        _steps++;
        _judge.Look(Table);
        _states.Add(Table.Clone());
    }

    /// <summary>How it has ended.</summary>
    public EpisodeResult Result() =>
        _judge.State == TaskState.Succeeded
            ? new EpisodeResult(Episode, "", Table.Seconds, [])
            : new EpisodeResult(
                Episode,
                _judge.State == TaskState.Failed ? _judge.Reason : Timeout,
                Table.Seconds,
                _states
            );
}

/// <summary>How an episode has ended.</summary>
/// <param name="Episode">Which.</param>
/// <param name="Reason">Why it failed: the judge's words, or <see cref="Rollout.Timeout"/>; empty when it
/// succeeded.</param>
/// <param name="Seconds">How long it took, in the world's time.</param>
/// <param name="States">Of a failed one: the table at the beginning and after every step, to be looked at.</param>
internal sealed record EpisodeResult(Episode Episode, string Reason, double Seconds, IReadOnlyList<Tabletop> States)
{
    public bool Succeeded => Reason.Length == 0;
}
