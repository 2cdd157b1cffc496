namespace Vla.Actors.Training;

/// <summary>A training under way: a step at a time, saved whenever it is told to.</summary>
internal interface ITrainingSession : IDisposable
{
    /// <summary>Steps done.</summary>
    int StepsDone { get; }

    /// <summary>Steps in all.</summary>
    int Steps { get; }

    TrainingOptions Options { get; }

    /// <summary>The policy's directory.</summary>
    string Output { get; }

    /// <summary>Parameters that are trained.</summary>
    long Parameters { get; }

    int TrainingSamples { get; }

    int ValidationSamples { get; }

    /// <summary>One step.</summary>
    /// <exception cref="TrainingException">Loss or gradient are not finite; the weights are as they were before the
    /// step.</exception>
    TrainingLoss Train();

    /// <summary>The averaged model's loss on episodes it was not trained on; NaN when none were kept apart.</summary>
    TrainingLoss Validate();

    /// <summary>Saves the policy as it is, and what is needed to go on.</summary>
    void Save();

    /// <summary>Saves if the weights are finite; otherwise what was saved before stays.</summary>
    /// <returns>Whether it was saved.</returns>
    bool TrySave();
}
