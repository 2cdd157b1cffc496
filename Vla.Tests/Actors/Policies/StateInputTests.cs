using Vla.Actors.Policies;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies;

public sealed class StateInputTests
{
    private static readonly StateSpec Spec = new(["x", "jaw"], ["m", "m"], [1f, 0f], [2f, 0.5f]);

    [Fact]
    public void The_state_that_came_with_the_picture_is_normalised_and_itself_left_alone()
    {
        var reading = new RobotReading(Spec.Names, [5f, 1f], AtNs: 7);

        using var state = new StateInput(Spec, CPU).Of(reading);

        Assert.Equal([1, 2], state.shape);
        Assert.Equal([2f, 2f], state.data<float>().ToArray());
        Assert.Equal([5f, 1f], reading.Values);
    }

    [Fact]
    public void A_state_that_is_not_known_is_the_average()
    {
        using var unknown = new StateInput(Spec, CPU).Of(null);

        Assert.Equal([0f, 0f], unknown.data<float>().ToArray());
    }

    [Fact]
    public void A_state_of_other_values_is_refused_by_name() =>
        Assert.Contains(
            "wants the robot's state as x, jaw, given is x",
            Assert
                .Throws<PolicyException>(() => new StateInput(Spec, CPU).Of(new RobotReading(["x"], [5f], AtNs: 7)))
                .Message,
            StringComparison.Ordinal
        );
}
