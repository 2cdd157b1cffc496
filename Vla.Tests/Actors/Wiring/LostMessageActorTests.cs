using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Wiring;

namespace Vla.Tests.Actors.Wiring;

public sealed class LostMessageActorTests : PipelineTestKit
{
    [Fact]
    public async Task A_tensor_told_to_nobody_is_disposed()
    {
        await StartLostMessageActorAsync();
        var gone = CreateTestProbe();
        await WatchAsync(gone);
        Sys.Stop(gone);
        await ExpectTerminatedAsync(gone);
        var lost = new VisionEncoded(Features(1), new Origin());

        gone.Ref.Tell(lost);

        await AwaitAssertAsync(() => Assert.True(lost.Features.IsInvalid));
    }

    [Fact]
    public async Task A_frame_that_nobody_handles_goes_back_to_its_pool()
    {
        await StartLostMessageActorAsync();
        var deaf = Sys.ActorOf(Props.Create(() => new Deaf()));

        deaf.Tell(Captured(1));

        await AwaitAssertAsync(() => Assert.Equal(0, Pool.Lent));
    }

    private async Task StartLostMessageActorAsync()
    {
        // Whoever answers has started, and so has subscribed.
        await Sys.ActorOf(LostMessageActor.Props()).Ask<ActorIdentity>(new Identify(1));
    }

    private sealed class Deaf : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
