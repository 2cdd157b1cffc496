using System.ComponentModel.DataAnnotations;

namespace Vla.Actors.Training;

/// <summary>How long and how fast a policy learns.</summary>
internal sealed record TrainingOptions
{
    /// <summary>Steps in all, 1 to 10,000,000.</summary>
    [Range(1, 10_000_000)]
    public int Steps { get; init; } = 8_000;

    /// <summary>Pictures in a step, 1 to 4096; each with all its lessons.</summary>
    [Range(1, 4_096)]
    public int BatchSize { get; init; } = 40;

    /// <summary>Weights, batches and augmentation follow from it.</summary>
    public long Seed { get; init; }

    /// <summary>Highest learning rate.</summary>
    [Range(1e-7, 1.0)]
    public double LearningRate { get; init; } = 1.2e-3;

    /// <summary>
    /// Steps in which the learning rate rises to its highest; then it falls along a cosine to 2 % of it.
    /// </summary>
    [Range(0, 1_000_000)]
    public int WarmUpSteps { get; init; } = 150;

    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The gradient is cut to this length.</summary>
    [Range(1e-3, 1e3)]
    public double ClipNorm { get; init; } = 1;

    /// <summary>How much of the averaged weights stays at a step, once it has run for a while.</summary>
    [Range(0.0, 0.99999)]
    public double AverageDecay { get; init; } = 0.998;

    /// <summary>Steps between two validations.</summary>
    [Range(1, 1_000_000)]
    public int ValidationInterval { get; init; } = 250;

    /// <summary>The share of episodes that is kept for validation.</summary>
    [Range(0.0, 0.5)]
    public double ValidationShare { get; init; } = 0.04;

    /// <summary>The learning rate at a step, counted from 0.</summary>
    public double RateAt(int step)
    {
        const double Lowest = 0.02;
        if (step < WarmUpSteps)
            return LearningRate * (step + 1) / WarmUpSteps;
        var share = (double)(step - WarmUpSteps) / Math.Max(1, Steps - WarmUpSteps);
        return LearningRate * (Lowest + (1 - Lowest) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, share))));
    }
}
