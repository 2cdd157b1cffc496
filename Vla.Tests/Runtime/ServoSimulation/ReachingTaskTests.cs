using OpenCvSharp;
using Vla.Runtime.ServoSimulation;

namespace Vla.Tests.Runtime.ServoSimulation;

/// <summary>A dot that a simulated arm is to reach, and its picture.</summary>
public sealed class ReachingTaskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [LinuxFact]
    public void A_hand_leads_to_the_dot_and_it_is_reached_once_the_arm_has_been_there_for_a_while()
    {
        // Nobody's torque holds it: a hand at the arm itself does.
        using var arm = new SimulatedArm("so101_leader", isLeader: true, isCalibrated: true);
        var task = new ReachingTask(arm, arm, seed: 3);
        Assert.Equal("dot 1", task.Next());
        Assert.False(task.Look(0).IsReached);
        task.Reach();
        ReachingView view = default;

        Assert.True(SpinWait.SpinUntil(() => IsNear(view = task.Look(0)), Patience));
        Assert.False(view.IsReached);
        Assert.Equal("dot 1 not reached, 0 of 1", task.Look(ReachingTask.NearSeconds / 2).Words);
        Assert.Equal("dot 1 reached, 1 of 1", task.Look(ReachingTask.NearSeconds * 2).Words);
        task.Next();
        Assert.Equal("dot 2 not reached, 1 of 2", task.Look(10).Words);
    }

    [LinuxFact]
    public void The_same_seed_lays_the_same_dots()
    {
        using var arm = new SimulatedArm("so101", isLeader: false, isCalibrated: true);
        var (one, same, other) = (Dots(1), Dots(1), Dots(2));

        Assert.Equal(one, same);
        Assert.NotEqual(one, other);

        List<(double, double)> Dots(int seed)
        {
            var task = new ReachingTask(arm, null, seed);
            return
            [
                .. Enumerable
                    .Range(0, 5)
                    .Select(i =>
                    {
                        task.Next();
                        var view = task.Look(i);
                        return (view.DotPan, view.DotLift);
                    }),
            ];
        }
    }

    [Fact]
    public void The_picture_shows_where_hand_and_dot_are_and_is_never_the_same_twice()
    {
        var view = new ReachingView(2_048, 1_200, 2_600, 2_400, IsReached: false, Tries: 1, Reached: 0);
        using var first = new Mat();
        using var second = new Mat();

        ArmPicture.Draw(view, first);
        ArmPicture.Draw(view, second);

        var dot = ArmPicture.PlaceOf(view.DotPan, view.DotLift);
        var (blue, red) = (first.At<Vec3b>(dot.Y, dot.X).Item0, first.At<Vec3b>(dot.Y, dot.X).Item2);
        Assert.True(red > 150 && blue < 100, "the dot is red");
        using var difference = new Mat();
        Cv2.Absdiff(first, second, difference);
        Assert.True(Cv2.Mean(difference).Val0 > 0, "a frozen camera's pictures are the same");
    }

    private static bool IsNear(ReachingView view) =>
        Math.Abs(view.Pan - view.DotPan) < ReachingTask.NearSteps
        && Math.Abs(view.Lift - view.DotLift) < ReachingTask.NearSteps;
}
