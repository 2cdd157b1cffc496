using System.Collections.Concurrent;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies;

/// <summary>The actor that looks, with eyes that stand in for a policy's.</summary>
public sealed class LookActorTests : PipelineTestKit
{
    [Fact]
    public async Task Eyes_that_fail_to_warm_up_are_let_go_and_made_again()
    {
        var made = new ConcurrentQueue<Eyes>();
        Start(LookActor.Props(Setup, null, "look", Make, CPU, CreateTestProbe(), instructions: null, source: null));

        await AwaitAssertAsync(() => Assert.Equal(StageState.Running, Monitor.State));

        Assert.Equal([true, false], made.Select(eyes => eyes.IsDisposed));

        Eyes Make()
        {
            var eyes = new Eyes { Fails = made.IsEmpty };
            made.Enqueue(eyes);
            return eyes;
        }
    }

    [Fact]
    public async Task Eyes_that_words_tune_are_given_those_in_force()
    {
        var eyes = new Eyes();
        var (observations, instructions, asker) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var look = Start(LookActor.Props(Setup, null, "look", () => eyes, CPU, observations, instructions, null));
        look.Tell(Ready.Once, asker);
        await instructions.ExpectMsgAsync(new InstructionWanted(0));

        look.Tell(new InstructionChanged(new Instruction(1, "left", GivenNs: 0)), instructions);
        await observations.ExpectMsgAsync(Ready.Once);
        look.Tell(Captured(sequence: 1), observations);

        using var seen = await asker.ExpectMsgAsync<PicturesSeen>();
        Assert.Equal(("left", 1), (seen.Origin.Instruction, seen.Origin.InstructionNumber));
        Assert.Equal(["left"], eyes.Words);
    }

    private sealed class Eyes : ILooks
    {
        public bool Fails { get; init; }

        public bool IsDisposed { get; private set; }

        public List<string> Words { get; } = [];

        public void WarmUp()
        {
            if (Fails)
                throw new PolicyException("the weights do not fit");
        }

        public Tensor Look(Tensor picture, string words)
        {
            Words.Add(words);
            return picture.clone();
        }

        public void Dispose() => IsDisposed = true;
    }
}
