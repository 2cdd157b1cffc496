using Vla.Actors.Chunks;
using Vla.Actors.Policies;

namespace Vla.Tests.Actors.Policies;

public sealed class ActionSpecTests
{
    private static readonly ActionSpec Spec = new(
        ["x", "gripper"],
        ["m", "1"],
        [1f, 0.5f],
        [0.1f, 0.5f],
        Horizon: 2,
        StepMs: 100
    );

    [Fact]
    public void Values_come_to_physical_units_row_by_row()
    {
        float[] values = [1, 0.2f, -2, -0.2f];

        Spec.Unnormalise(values);

        Assert.Equal([1.1f, 0.6f, 0.8f, 0.4f], values);
    }

    [Fact]
    public void An_either_or_dimension_goes_all_the_way_to_its_side_of_the_mean()
    {
        float[] values = [1, 0.01f, -2, -0.01f];

        Decided.Unnormalise(values);

        Assert.Equal([1.1f, 1, 0.8f, 0], values);
    }

    [Fact]
    public void What_is_no_number_is_not_decided()
    {
        float[] values = [0, float.NaN, 0, float.PositiveInfinity];

        Decided.Unnormalise(values);

        Assert.Equal([float.NaN, float.PositiveInfinity], [values[1], values[3]]);
    }

    private static ActionSpec Decided => Spec with { Execution = new ChunkExecution { Binary = [1] } };
}
