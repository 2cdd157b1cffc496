using static TorchSharp.torch;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// What a new chunk has to go on from: the actions that the chunk before it still has, of which the first are carried
/// out whatever the new one says ("Real-Time Execution of Action Chunking Flow Policies", arXiv:2506.07339).
/// </summary>
/// <param name="Rest">[count, dimensions], normalised, row by row; the first belongs to the new observation's
/// moment.</param>
/// <param name="Dimensions">Numbers of an action.</param>
/// <param name="ChunkSize">Actions of the new chunk.</param>
/// <param name="Delay">Actions that are carried out before the new chunk takes over.</param>
/// <param name="Settings">How strongly, and how far.</param>
internal sealed record ChunkGuide(float[] Rest, int Dimensions, int ChunkSize, int Delay, RealTimeChunking Settings)
{
    /// <summary>What is wanted, and how much each action counts.</summary>
    /// <param name="size">Numbers of an action inside the model; those beyond the robot's are wanted zero.</param>
    /// <param name="device">Where they are used.</param>
    /// <returns>[1, chunk, size] and [1, chunk, 1].</returns>
    public (Tensor Wanted, Tensor Weights) On(long size, Device device)
    {
        var wanted = new float[ChunkSize * size];
        var count = Math.Min(Rest.Length / Dimensions, ChunkSize);
        for (var i = 0; i < count; i++)
            Rest.AsSpan(i * Dimensions, Dimensions).CopyTo(wanted.AsSpan(i * (int)size));
        return (
            tensor(wanted, [1, ChunkSize, size], device: device),
            tensor(Settings.Weights(Delay, count, ChunkSize), [1, ChunkSize, 1], device: device)
        );
    }

    /// <summary>How strongly a step is turned.</summary>
    /// <param name="time">1 for chance, 0 for a chunk.</param>
    public double Strength(double time)
    {
        var done = 1 - time;
        if (done <= 0)
            return Settings.MostWeight;
        return Math.Min(Settings.MostWeight, time / done * ((time * time + done * done) / (time * time)));
    }
}
