using Akka.Actor;
using Akka.TestKit.Xunit2;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Runtime.Teleoperation;

namespace Vla.Tests.Runtime.Teleoperation;

/// <summary>Whoever leads, between a policy and a publisher that are probes.</summary>
public sealed class TeleopActorTests : TestKit
{
    private static readonly RobotProfile Profile = new(
        "test",
        limitsEnabled: false,
        [
            new RobotDimension
            {
                Name = "x",
                Unit = "m",
                Hold = HoldBehaviour.Zero,
            },
        ]
    );

    [Fact]
    public void What_is_felt_is_given_when_it_is_asked_for_with_the_words_in_force()
    {
        var feed = new TeleopFeed(Profile, isCorrection: false);
        var instructions = CreateTestProbe();
        var monitor = new StageMonitor("leader", TimeProvider.System);
        var actor = Sys.ActorOf(
            Props.Create(() => new TeleopActor(feed, null, instructions.Ref, monitor, TimeProvider.System))
        );
        actor.Tell(Ready.Continuous, TestActor);
        instructions.ExpectMsg<InstructionWanted>();
        instructions.Reply(new InstructionChanged(new Instruction(3, "fold it", 5)));
        instructions.ExpectMsg<InstructionWanted>(wanted => Assert.Equal(3, wanted.After));
        Assert.Equal(StageState.Running, monitor.State);

        feed.Move(7, [0.25f]);

        var chunk = ExpectMsg<ActionDecoded>().Chunk;
        Assert.Equal([0.25f], chunk.Values);
        Assert.Equal(
            (7, 3, "fold it", true),
            (chunk.Origin.CapturedNs, chunk.Origin.InstructionNumber, chunk.Origin.Instruction, chunk.Origin.IsByHand)
        );

        // Of what nobody asked for the newest waits.
        feed.Move(8, [1]);
        feed.Move(9, [2]);
        actor.Tell(Ready.Continuous, TestActor);
        FishForMessage<ActionDecoded>(decoded => decoded.Chunk.Origin.CapturedNs == 9);
        Assert.True(monitor.Processed >= 2);
    }

    [Fact]
    public void A_policys_actions_go_through_until_somebody_corrects_it_and_again_afterwards()
    {
        var feed = new TeleopFeed(Profile, isCorrection: true) { Last = () => Published };
        var (policy, instructions) = (CreateTestProbe(), CreateTestProbe());
        var actor = Sys.ActorOf(
            Props.Create(() => new TeleopActor(feed, policy.Ref, instructions.Ref, null, TimeProvider.System))
        );
        var planned = new ActionDecoded(new ActionChunk([1], 1, 0, new Origin()));

        actor.Tell(Ready.Once, TestActor);
        policy.ExpectMsg(Ready.Once);
        policy.Reply(planned);
        ExpectMsg(planned);

        feed.Corrects = true;
        actor.Tell(Ready.Once, TestActor);
        policy.ExpectMsg(Ready.Once);
        // The policy goes on, so that it is there at once; nobody follows it.
        policy.Reply(planned);
        policy.Reply(planned);
        feed.Move(5, [9]);
        Assert.True(ExpectMsg<ActionDecoded>().Chunk.Origin.IsByHand);

        feed.Corrects = false;
        actor.Tell(Ready.Once, TestActor);
        policy.ExpectMsg(Ready.Once);
        policy.Reply(planned);
        ExpectMsg(planned);
    }

    [Fact]
    public void Between_episodes_nothing_of_the_policy_goes_through_and_the_robot_is_told_once_to_stay()
    {
        var feed = new TeleopFeed(Profile, isCorrection: true) { Last = () => Published with { Values = [7] } };
        var (policy, instructions) = (CreateTestProbe(), CreateTestProbe());
        var actor = Sys.ActorOf(
            Props.Create(() => new TeleopActor(feed, policy.Ref, instructions.Ref, null, TimeProvider.System))
        );
        var planned = new ActionDecoded(new ActionChunk([1], 1, 0, new Origin()));
        actor.Tell(Ready.Once, TestActor);
        policy.ExpectMsg(Ready.Once);

        feed.PolicyActs = false;
        feed.PolicyActs = false;
        policy.Reply(planned);
        // Its x is a step: to stay is to take none.
        Assert.Equal([0f], ExpectMsg<ActionDecoded>().Chunk.Values);
        feed.PolicyActs = true;
        policy.Reply(planned);

        ExpectMsg(planned);
    }

    private static PublishedAction Published { get; } =
        new()
        {
            Sequence = 1,
            State = ControlState.Policy,
            Reason = "",
            Values = [0],
            Clamped = 0,
            Origin = default,
            PublishedNs = 1,
        };
}
