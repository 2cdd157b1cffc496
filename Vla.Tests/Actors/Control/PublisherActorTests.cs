using Akka.Actor;
using Akka.TestKit;
using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Control;

public sealed class PublisherActorTests : PipelineTestKit
{
    private readonly TestProbe _decoder;
    private readonly ManualClock _clock = new();
    private ControlLoop _control;

    public PublisherActorTests()
        : base(TestScheduling)
    {
        _decoder = CreateTestProbe();
        _control = Control(ChunkExecution.Freshest);
    }

    [Fact]
    public async Task All_demand_begins_here()
    {
        StartPublisher();

        await _decoder.ExpectMsgAsync(Ready.Continuous);
    }

    [Fact]
    public async Task A_decoded_action_goes_to_the_control_loop_and_the_next_is_asked_for()
    {
        var publisher = await StartedAsync();

        publisher.Tell(new ActionDecoded(Chunk(0.01f)), _decoder);

        await _decoder.ExpectMsgAsync(Ready.Continuous);
        _control.Tick(_clock.NowNs);
        Assert.Equal(ControlState.Policy, _control.Snapshot().State);
    }

    [Fact]
    public async Task While_nothing_comes_it_asks_again_and_again()
    {
        await StartedAsync();

        for (var i = 0; i < 3; i++)
        {
            Scheduler.Advance(PublisherActor.DemandAgain);
            await _decoder.ExpectMsgAsync(Ready.Continuous);
        }
    }

    [Fact]
    public async Task After_a_restart_it_asks_again_and_the_control_loop_goes_on()
    {
        var publisher = await StartedAsync();

        publisher.Tell(Kill.Instance);
        await _decoder.ExpectMsgAsync(Ready.Continuous);
        publisher.Tell(new ActionDecoded(Chunk(0.01f)), _decoder);

        await _decoder.ExpectMsgAsync(Ready.Continuous);
        _control.Tick(_clock.NowNs);
        Assert.Equal(ControlState.Policy, _control.Snapshot().State);
    }

    [Fact]
    public async Task A_chunk_of_which_a_share_is_to_be_carried_out_is_asked_for_when_the_control_loop_wants_it()
    {
        _control = Control(new ChunkExecution { Execute = 1 });
        var publisher = StartPublisher();
        await _decoder.ExpectMsgAsync(Ready.Once);
        publisher.Tell(
            new ActionDecoded(
                new ActionChunk(new float[70], 10, 100_000_000, new Origin { CapturedNs = _clock.NowNs })
            ),
            _decoder
        );
        await HandledAsync(publisher);
        _control.Tick(_clock.NowNs);
        Scheduler.Advance(PublisherActor.DemandAgain * 3);
        await HandledAsync(publisher);
        await _decoder.ExpectNoMsgAsync(TimeSpan.Zero);

        _clock.Advance(100);
        _control.Tick(_clock.NowNs);

        await _decoder.ExpectMsgAsync(Ready.Once);
    }

    private ControlLoop Control(ChunkExecution execution) =>
        new(
            RobotProfile.Load(Repository.File("config/robots/notebook.json")),
            new ControlOptions(),
            [],
            _clock,
            execution
        );

    private IActorRef StartPublisher() => Start(PublisherActor.Props(_control, _decoder));

    private async Task<IActorRef> StartedAsync()
    {
        var publisher = StartPublisher();
        await _decoder.ExpectMsgAsync(Ready.Continuous);
        await HandledAsync(publisher);
        return publisher;
    }

    private ActionChunk Chunk(float x) =>
        new([x, 0, 0, 0, 0, 0, 0], 1, 1, new Origin { CapturedNs = _clock.NowNs, Words = new WordsInForce(1, "go") });
}
