using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Vla.Runtime.Serving;

namespace Vla.Tests.Runtime.Serving;

/// <summary>What stands above a policy that works for several.</summary>
public sealed class SharedPolicyActorTests : TestKit
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task When_it_fails_everybody_is_told_and_nobody_waits_for_what_was_lost()
    {
        var shared = Sys.ActorOf(SharedPolicyActor.Props(Props.Create(() => new Fragile())));
        TestProbe[] clients = [CreateTestProbe(), CreateTestProbe()];
        IActorRef policy = ActorRefs.Nobody;
        foreach (var client in clients)
        {
            shared.Tell(SharedPolicyActor.Joins.Instance, client);
            policy = (await client.ExpectMsgAsync<SharedPolicyActor.Shared>(Long)).Policy;
        }

        policy.Tell("break");

        foreach (var client in clients)
            Assert.Equal("break", (await client.ExpectMsgAsync<StageFailed>(Long)).Why);
        policy.Tell("go on", clients[0]);
        Assert.Equal("go on", await clients[0].ExpectMsgAsync<string>(Long));
    }

    private sealed class Fragile : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if ((string)message == "break")
                throw new InvalidOperationException("break");
            Sender.Tell(message);
        }
    }
}
