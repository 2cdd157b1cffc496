using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Actors.Robots;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Staged.Actors;

public sealed class StateInputTests
{
    private static readonly StateSpec Spec = new(["x", "jaw"], ["m", "m"], [1f, 0f], [2f, 0.5f]);

    [Fact]
    public void The_state_of_the_pictures_moment_is_normalised()
    {
        using var state = new StateInput(Spec, new Robot(at: 7, 5f, 1f), CPU).Read(7);

        Assert.Equal([1, 2], state.shape);
        Assert.Equal([2f, 2f], state.data<float>().ToArray());
    }

    [Fact]
    public void A_state_that_is_not_known_is_the_average()
    {
        using var unknown = new StateInput(Spec, new Robot(at: 7, 5f, 1f), CPU).Read(6);
        using var none = new StateInput(Spec, null, CPU).Read(7);

        Assert.Equal([0f, 0f], unknown.data<float>().ToArray());
        Assert.Equal([0f, 0f], none.data<float>().ToArray());
    }

    private sealed class Robot(long at, params float[] state) : IRobotState
    {
        public bool TryRead(long atNs, Span<float> values, out long readNs)
        {
            readNs = atNs;
            state.CopyTo(values);
            return atNs >= at;
        }
    }
}
