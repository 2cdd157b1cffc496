using Vla.Actors.Policies;
using Vla.Runtime.Recording;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Recording;

public sealed class RecordingTargetTests
{
    [Theory]
    [InlineData(10, 100, 50, 0, 10)]
    [InlineData(10, 33, 50, 0, 30)]
    [InlineData(10, 10, 50, 0, 50)]
    [InlineData(1, 0, 50, 0, 30)]
    [InlineData(1, 0, 20, 0, 20)]
    [InlineData(10, 100, 50, 25, 25)]
    [InlineData(10, 100, 50, 500, 50)]
    public void Frames_are_as_far_apart_as_the_policys_actions_unless_it_is_set_otherwise(
        int horizon,
        double stepMs,
        double controlHz,
        double wantedHz,
        int fps
    )
    {
        var action = new ActionSpec(["x"], ["m"], [0], [1], horizon, stepMs);

        Assert.Equal(fps, RecordingTarget.RateOf(new RecordSettings { RateHz = wantedHz }, action, controlHz));
    }
}
