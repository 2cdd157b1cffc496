using System.Diagnostics;
using Vla.Actors.Training;

namespace Vla.Runtime.Learning;

/// <summary>Carries a training through to its last step, or until it is told to end: validation, saves, log and progress.</summary>
internal sealed class TrainingRun(TrainingSession session, LossLog log, TrainingProgress progress, TimeProvider time)
{
    /// <summary>Steps that a row of the log is the average of.</summary>
    private const int StepsPerRow = 50;

    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(5);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly int _firstStep = session.Step;
    private double _total, _action, _grounding, _turn;
    private int _count;

    /// <summary>Runs; the session is saved at the end whatever ended it.</summary>
    /// <returns>False when it was told to end before the last step.</returns>
    public bool Run(CancellationToken cancellation)
    {
        var saved = time.GetTimestamp();
        while (session.Step < session.Steps && !cancellation.IsCancellationRequested)
        {
            Count(session.Train());
            var isLast = session.Step == session.Steps;
            if (isLast || session.Step % StepsPerRow == 0) Report(isLast || session.Step % session.Options.ValidationInterval == 0);
            if (isLast || time.GetElapsedTime(saved) < SaveInterval) continue;
            Save();
            saved = time.GetTimestamp();
        }

        Save();
        return session.Step == session.Steps;
    }

    private void Count(TrainingLoss loss)
    {
        _total += loss.Total;
        _action += loss.Action;
        _grounding += loss.Grounding;
        _turn += loss.Turn;
        _count++;
    }

    private void Report(bool validate)
    {
        var average = new TrainingLoss(_total / _count, _action / _count, _grounding / _count, _turn / _count);
        (_total, _action, _grounding, _turn, _count) = (0, 0, 0, 0, 0);
        TrainingLoss? validation = validate && session.ValidationSamples > 0 ? session.Validate() : null;
        var seconds = _watch.Elapsed.TotalSeconds;
        log.Add(session.Step, log.SecondsBeforeStart + seconds, session.Options.RateAt(session.Step - 1), average, validation);
        progress.Step(session.Step, session.Steps, average, validation, seconds / (session.Step - _firstStep));
    }

    private void Save()
    {
        session.Save();
        log.Draw();
    }
}
