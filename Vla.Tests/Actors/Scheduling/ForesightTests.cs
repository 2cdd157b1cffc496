using Akka.Actor;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Sensors;
using Vla.Tests.Actors.Policies.Staged.Actors;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Scheduling;

/// <summary>A stage that begins with its next result before it is asked for, with a vision encoder that takes 10 ms as the stage.</summary>
public sealed class ForesightTests : VisionEncoderTestKit
{
    private const long WorkNs = 10 * MonotonicTime.NsPerMs;

    private readonly FakeTimeProvider _time = new();
    private readonly List<Tensor> _outputs = [];
    private IActorRef _encoder = ActorRefs.Nobody;
    private long _threadNs;
    private long _computesNs;

    [Fact]
    public async Task Waiting_for_a_device_it_begins_before_it_is_asked_and_gives_the_result_when_it_is()
    {
        await EncodeFirstAsync(Ready.Continuous);

        await SendAsync(Captured(sequence: 2));
        Assert.Equal(2, _outputs.Count);
        Assert.False(Fusion.HasMessages);

        _encoder.Tell(Ready.Continuous, Fusion);
        Assert.Equal(2, await EncodedSequenceAsync());
    }

    [Fact]
    public async Task Never_further_than_one_result()
    {
        await EncodeFirstAsync(Ready.Continuous);

        await SendAsync(Captured(sequence: 2));
        await SendAsync(Captured(sequence: 3));

        Assert.Equal(2, _outputs.Count);
    }

    [Fact]
    public async Task Computing_it_waits_to_be_asked()
    {
        _computesNs = WorkNs / 2;
        await EncodeFirstAsync(Ready.Continuous);

        await SendAsync(Captured(sequence: 2));
        Assert.Single(_outputs);

        _encoder.Tell(Ready.Continuous, Fusion);
        Assert.Equal(2, await EncodedSequenceAsync());
    }

    [Theory]
    [InlineData(WorkNs / 10, 2)]
    [InlineData(WorkNs / 10 + 100, 1)] // One step of the fake clock.
    public async Task It_begins_only_when_its_taker_is_expected_soon(long afterFirstNs, int begun)
    {
        await EncodeFirstAsync(Ready.Continuous with { ExpectedNs = _time.NowNs() + WorkNs + afterFirstNs });

        await SendAsync(Captured(sequence: 2));

        Assert.Equal(begun, _outputs.Count);
    }

    [Fact]
    public async Task Nothing_is_begun_when_one_result_was_wanted()
    {
        await EncodeFirstAsync(Ready.Once);

        await SendAsync(Captured(sequence: 2));

        Assert.Single(_outputs);
    }

    [Fact]
    public async Task Demand_that_comes_before_the_frame_is_answered_once()
    {
        await EncodeFirstAsync(Ready.Continuous);
        await SendAsync(Ready.Continuous, Fusion);

        await SendAsync(Captured(sequence: 2));

        Assert.Equal(2, await EncodedSequenceAsync());
        Assert.False(Fusion.HasMessages);
    }

    [Fact]
    public async Task Demand_said_again_before_the_frame_is_passed_on()
    {
        await EncodeFirstAsync(Ready.Continuous);
        await SendAsync(Ready.Continuous, Fusion);
        while (Camera.HasMessages) await Camera.ReceiveOneAsync(TimeSpan.Zero);

        await SendAsync(Ready.Continuous, Fusion);

        await Camera.ExpectMsgAsync(Ready.Continuous);
    }

    [Fact]
    public async Task A_result_older_than_a_new_one_would_be_is_let_go()
    {
        await EncodeFirstAsync(Ready.Continuous);
        await SendAsync(Captured(sequence: 2));
        _time.Advance(TimeSpan.FromMilliseconds(11));

        await SendAsync(Ready.Continuous, Fusion);
        Assert.True(_outputs[1].IsInvalid);
        Assert.False(Fusion.HasMessages);

        await SendAsync(Captured(sequence: 3));
        Assert.Equal(3, await EncodedSequenceAsync());
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public async Task A_result_that_nobody_asked_for_is_disposed_when_the_stage_stops()
    {
        await EncodeFirstAsync(Ready.Continuous);
        await SendAsync(Captured(sequence: 2));
        await WatchAsync(_encoder);

        _encoder.Tell(PoisonPill.Instance);

        await ExpectTerminatedAsync(_encoder);
        Assert.True(_outputs[1].IsInvalid);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(25, 25)]
    public async Task Upstream_is_told_when_this_stage_will_be_done_or_its_taker_asks_if_that_is_later(int takerAfterMs, int expectedAfterMs)
    {
        _computesNs = WorkNs;
        await EncodeFirstAsync(Ready.Continuous);
        await Camera.ExpectMsgAsync<Ready>();
        while (Camera.HasMessages) await Camera.ReceiveOneAsync(TimeSpan.Zero);
        var nowNs = _time.NowNs();
        await SendAsync(Captured(sequence: 2));

        _encoder.Tell(Ready.Continuous with { ExpectedNs = nowNs + takerAfterMs * MonotonicTime.NsPerMs }, Fusion);

        var said = await Camera.ExpectMsgAsync<Ready>();
        Assert.Equal((true, nowNs + expectedAfterMs * MonotonicTime.NsPerMs), (said.Ahead, said.ExpectedNs));
    }

    /// <summary>Starts the stage and takes its first result, from which it knows how long its work takes.</summary>
    private async Task EncodeFirstAsync(Ready demand)
    {
        var setup = Setup with { Time = _time, ThreadTimeNs = () => _threadNs };
        _encoder = Start(VisionEncoderActor.Props(setup, () => StandIns.Calling(Work), CPU, Camera));
        _encoder.Tell(demand, Fusion);
        _encoder.Tell(Captured(sequence: 1), Camera);
        Assert.Equal(1, await EncodedSequenceAsync());
    }

    private Tensor Work(Tensor picture)
    {
        _time.Advance(TimeSpan.FromMicroseconds(WorkNs / 1_000.0));
        _threadNs += _computesNs;
        _outputs.Add(picture * 1);
        return _outputs[^1];
    }

    /// <summary>Returns when the stage has done all that the message brings about.</summary>
    private async Task SendAsync(object message, IActorRef? from = null)
    {
        _encoder.Tell(message, from ?? Camera);
        await HandledAsync(_encoder);
        // Behind what the stage has said to itself.
        await HandledAsync(_encoder);
    }

    private async Task<long> EncodedSequenceAsync()
    {
        using var encoded = await Fusion.ExpectMsgAsync<VisionEncoded>();
        return encoded.Origin.FrameSequence;
    }
}
