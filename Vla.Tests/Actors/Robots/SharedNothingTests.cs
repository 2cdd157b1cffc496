using System.Runtime.InteropServices;
using Vla.Actors.Control;
using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Robots;

/// <summary>Whoever makes, takes or looks at an action cannot change it for the others.</summary>
public sealed class SharedNothingTests
{
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_output_that_writes_into_its_action_changes_nobody_elses(bool mayBlock)
    {
        var writing = new FakeRobot
        {
            MayBlock = mayBlock,
            Before = action =>
            {
                // As unsafe code could: nothing in the types allows it.
                var values = action.Values.AsSpan();
                foreach (
                    ref var value in MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(values), values.Length)
                )
                    value *= 1_000;
            },
        };
        var other = new FakeRobot();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [writing, other], _clock);
        loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        _clock.Advance(10);
        loop.Tick(_clock.NowNs);
        writing.Await(1);
        loop.Tick(_clock.NowNs);
        writing.Await(1);

        Assert.All(other.Applied, action => Assert.Equal([0.25f, 0.75f], action.Values));
        Assert.Equal([0.25f, 0.75f], loop.Last!.Values);
        Assert.Equal(750, writing.Last.Values[1]);
    }

    [Fact]
    public void A_decoder_that_goes_on_writing_into_its_chunk_changes_nothing_that_was_offered()
    {
        var robot = new FakeRobot();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);
        float[] values = [0.1f, 0.1f, 0.2f, 0.2f];
        loop.Offer(Make.Chunk(_clock.NowNs, 2, stepMs: 20, values));
        Array.Fill(values, float.NaN);
        _clock.Advance(10);
        loop.Tick(_clock.NowNs);
        Array.Fill(values, 99);
        _clock.Advance(20);
        loop.Tick(_clock.NowNs);

        Assert.Equal([0.1f, 0.2f], robot.Applied.Select(action => action.Values[0]));
        Assert.Equal(0, loop.Snapshot().Refused.Sum());
    }

    [Fact]
    public void A_profiles_limits_stay_whatever_becomes_of_the_list_they_were_given_in()
    {
        RobotDimension[] dimensions = [.. Make.Profile().Dimensions];
        var profile = new RobotProfile("test", limitsEnabled: true, dimensions);

        dimensions[0] = dimensions[0] with { Maximum = 1_000 };

        Assert.Equal(1, profile.Dimensions[0].Maximum);
        Assert.IsNotType<RobotDimension[]>(profile.Dimensions);
        Assert.Throws<NotSupportedException>(() => ((IList<RobotDimension>)profile.Dimensions)[0] = dimensions[0]);
    }
}
