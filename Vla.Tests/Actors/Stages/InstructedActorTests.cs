using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Stages;

/// <summary>A policy of one step between probes: what it asks for when words come.</summary>
public sealed class InstructedActorTests : PipelineTestKit
{
    [Fact]
    public async Task Words_that_change_while_an_observation_is_on_its_way_ask_for_no_second_one()
    {
        var (observations, instructions, publisher) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var policy = Start(Props.Create(() => new Policy(Setup, observations, instructions)));
        policy.Tell(Ready.Once, publisher);
        policy.Tell(new InstructionChanged(new Instruction(1, "left", GivenNs: 0)), instructions);
        await observations.ExpectMsgAsync(Ready.Once);

        policy.Tell(new InstructionChanged(new Instruction(2, "right", GivenNs: 0)), instructions);

        await HearsNothingAsync(observations, policy);
        policy.Tell(Captured(sequence: 1), observations);
        Assert.Equal("right", (await publisher.ExpectMsgAsync<ActionDecoded>()).Chunk.Origin.Instruction);
    }

    private sealed class Policy(StageSetup setup, IActorRef observations, IActorRef instructions)
        : WholePolicyActor(setup, "act", observations, instructions, stepNs: 1)
    {
        protected override int Horizon => 1;

        protected override void Load() { }

        protected override float[] Act(Observation observation, Instruction instruction) => [0];
    }
}
