using Vla.Actors.Checkpoints;
using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Chunks;

/// <summary>An ensemble that takes chunks up to their last action, as ACT does.</summary>
public sealed class WholeChunkEnsembleTests
{
    private const long StepNs = 33_000_000;

    private static readonly ChunkExecution Whole = new()
    {
        Blend = ChunkBlend.Ensemble,
        EnsembleDecay = 0.01,
        EnsemblesWholeChunks = true,
    };

    [Fact]
    public void A_chunk_at_every_step_gives_what_LeRobots_ensemble_gave()
    {
        using var scope = NewDisposeScope();
        using var golden = Checkpoint.Open(TestData.Path("act/tiny/golden.safetensors"));
        var chunks = golden.ReadTensor("all_chunks.normalized");
        var expected = golden.ReadTensor("select_action.ensemble.normalized");
        var ensemble = Ensemble(dimensions: 6);

        for (var i = 0; i < 30; i++)
        {
            var now = i * StepNs;
            ensemble.Add(Chunk(ChunkValues.Of(chunks[i]), 20, now));
            var due = ensemble.Due(now).ToArray();
            var off = ChunkValues.Of(expected[i]).Zip(due, (one, other) => Math.Abs(one - other)).Max();
            Assert.True(off <= 5e-5, $"call {i} is off by {off}");
        }
    }

    [Fact]
    public void More_plans_than_steps_count_as_one_for_each_step()
    {
        var ensemble = Ensemble(dimensions: 1, decay: 0);

        // Four plans for each step: of those within a step of the last that was kept the newest is kept.
        for (var i = 0; i < 40; i++)
            ensemble.Add(Chunk([.. Enumerable.Repeat((float)i, 200)], 200, i * StepNs / 4));

        float[] kept = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 39];
        Assert.Equal(kept.Average(), ensemble.Due(39 * StepNs / 4)[0], 3);
    }

    [Fact]
    public void A_hundred_chunks_are_blended_where_each_is_a_hundred_steps_long()
    {
        var ensemble = Ensemble(dimensions: 1, decay: 0);

        for (var i = 0; i < 100; i++)
            ensemble.Add(Chunk([.. Enumerable.Repeat((float)i, 100)], 100, i * StepNs));

        Assert.Equal(49.5f, ensemble.Due(99 * StepNs)[0], 3);
    }

    private static ChunkEnsemble Ensemble(int dimensions, double decay = 0.01)
    {
        var execution = Whole with { EnsembleDecay = decay };
        return new ChunkEnsemble(dimensions, execution, new ChunkAgeLimit(200, 0, execution));
    }

    private static ActionChunk Chunk(float[] values, int horizon, long capturedNs) =>
        new(values, horizon, StepNs, new Origin { CapturedNs = capturedNs });
}
