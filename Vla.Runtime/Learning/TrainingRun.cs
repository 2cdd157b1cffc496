using System.Diagnostics;
using Vla.Actors.Training;

namespace Vla.Runtime.Learning;

/// <summary>
/// Carries a training through to its last step, or until it is told to end: validation, saves, log and progress.
/// </summary>
internal sealed class TrainingRun(ITrainingSession session, LossLog log, TrainingProgress progress, TimeProvider time)
{
    /// <summary>Steps that a row of the log is the average of, once there are some.</summary>
    private const int StepsPerRow = 50;

    /// <summary>Rows at the beginning: a training of a few steps is to be seen as well.</summary>
    private static readonly int[] FirstRows = [1, 2, 3, 5, 7, 10, 15, 20, 30, 40];

    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(5);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly int _firstStep = session.StepsDone;
    private double _total,
        _action,
        _grounding,
        _turn;
    private int _count;

    /// <summary>Runs; the session is saved at the end whatever ended it.</summary>
    /// <exception cref="TrainingException">Loss or gradient became something else than numbers; the last good weights
    /// are saved.</exception>
    /// <returns>False when it was told to end before the last step.</returns>
    public bool Run(CancellationToken cancellation)
    {
        var saved = time.GetTimestamp();
        while (session.StepsDone < session.Steps && !cancellation.IsCancellationRequested)
        {
            TrainOrSave();
            var isLast = session.StepsDone == session.Steps;
            if (isLast || session.StepsDone % StepsPerRow == 0 || FirstRows.Contains(session.StepsDone))
                Report(isLast || session.StepsDone % session.Options.ValidationInterval == 0);
            if (isLast || time.GetElapsedTime(saved) < SaveInterval)
                continue;
            Save();
            saved = time.GetTimestamp();
        }

        Save();
        return session.StepsDone == session.Steps;
    }

    private void TrainOrSave()
    {
        try
        {
            Count(session.Train());
        }
        catch (TrainingException e)
        {
            // Weights of a step that went well, unless that one spoiled them: then those of the last save stay.
            var saved = session.TrySave();
            log.Draw();
            throw new TrainingException(
                $"{e.Message}; "
                    + (
                        saved
                            ? $"the weights of step {session.StepsDone} are saved"
                            : "the weights of the last save stay"
                    )
                    + $" in {session.Output}",
                e
            );
        }
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
        log.Add(
            session.StepsDone,
            log.SecondsBeforeStart + seconds,
            session.Options.RateAt(session.StepsDone - 1),
            average,
            validation
        );
        progress.Step(
            session.StepsDone,
            session.Steps,
            average,
            validation,
            seconds / (session.StepsDone - _firstStep)
        );
    }

    private void Save()
    {
        session.Save();
        log.Draw();
    }
}
