namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// Carries chunks out one action a call, as LeRobot's <c>select_action</c> does: by steps, not by time.
/// </summary>
/// <remarks>
/// Without a coefficient the first actions of a chunk wait in a queue, and a new chunk is wanted when it is empty. With
/// one, every call brings a chunk, and the action for a step is the mean of all that were planned for it, weighted
/// exp(−m·i) from the oldest on (ACT, arXiv:2304.13705). Both work on the numbers that they are given, normalised or
/// not.
/// </remarks>
/// <param name="chunkSize">Actions in a chunk.</param>
/// <param name="dimensions">Numbers of an action.</param>
/// <param name="actionSteps">Of a chunk, how many are carried out; 1 with a coefficient.</param>
/// <param name="coefficient">m; null for the queue.</param>
internal sealed class StepwiseChunks(int chunkSize, int dimensions, int actionSteps, double? coefficient)
{
    private readonly Queue<float[]> _waiting = new();

    // For each step ahead: the mean so far, and of how many plans it is.
    private readonly List<(float[] Mean, int Plans)> _ahead = [];

    /// <summary>True when the next call takes a new chunk.</summary>
    public bool WantsChunk => coefficient is not null || _waiting.Count == 0;

    /// <summary>The action of this step.</summary>
    /// <param name="chunk">[chunk size × dimensions]; looked at only when <see cref="WantsChunk"/>.</param>
    public float[] Next(ReadOnlySpan<float> chunk)
    {
        if (coefficient is { } decay)
            return NextOfMany(chunk, decay);
        if (_waiting.Count == 0)
        {
            for (var i = 0; i < actionSteps; i++)
                _waiting.Enqueue(Row(chunk, i));
        }

        return _waiting.Dequeue();
    }

    /// <summary>Forgets what was planned: at the start of an episode, or when the instruction changes.</summary>
    public void Reset()
    {
        _waiting.Clear();
        _ahead.Clear();
    }

    private float[] NextOfMany(ReadOnlySpan<float> chunk, double decay)
    {
        for (var i = 0; i < chunkSize; i++)
        {
            if (i == _ahead.Count)
                _ahead.Add((Row(chunk, i), 1));
            else
                _ahead[i] = (
                    Mix(_ahead[i], chunk.Slice(i * dimensions, dimensions), decay),
                    Math.Min(_ahead[i].Plans + 1, chunkSize)
                );
        }

        var action = _ahead[0].Mean;
        _ahead.RemoveAt(0);
        return action;
    }

    private static float[] Mix((float[] Mean, int Plans) so, ReadOnlySpan<float> plan, double decay)
    {
        var before = 0d;
        for (var i = 0; i < so.Plans; i++)
            before += Math.Exp(-decay * i);
        var weight = Math.Exp(-decay * so.Plans);
        var mixed = new float[plan.Length];
        for (var d = 0; d < mixed.Length; d++)
            mixed[d] = (float)((so.Mean[d] * before + plan[d] * weight) / (before + weight));
        return mixed;
    }

    private float[] Row(ReadOnlySpan<float> chunk, int row) => chunk.Slice(row * dimensions, dimensions).ToArray();
}
