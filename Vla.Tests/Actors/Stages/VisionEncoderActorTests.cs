using Akka.Actor;
using Akka.TestKit;
using TorchSharp;
using Vla.Actors;
using Vla.Actors.Stages;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Stages;

public sealed class VisionEncoderActorTests : PipelineTestKit
{
    private readonly TestProbe _camera;
    private readonly TestProbe _fusion;

    public VisionEncoderActorTests()
    {
        _camera = CreateTestProbe();
        _fusion = CreateTestProbe();
    }

    [Fact]
    public async Task Asks_for_a_frame_only_when_somebody_asked_for_features()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await LoadedAsync();
        await _camera.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));

        encoder.Tell(Ready.Once, _fusion);

        await _camera.ExpectMsgAsync(Ready.Once);
    }

    [Fact]
    public async Task Encodes_the_frame_answers_the_asker_and_gives_the_frame_back()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Once, _fusion);
        await _camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 7, value: 0.5f), _camera);

        using var encoded = await _fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal([0.5f, 0.5f], encoded.Features.data<float>().ToArray());
        Assert.Equal(7, encoded.Origin.FrameSequence);
        Assert.Equal(7_000, encoded.Origin.CapturedNs);
        Assert.Equal(7_001, encoded.Origin.Prepared.FinishedNs);
        Assert.True(encoded.Origin.Encoded.FinishedNs >= encoded.Origin.Encoded.StartedNs);
        Assert.Equal(0, Pool.Lent);
        Assert.Equal(1, Monitor.Processed);
    }

    [Fact]
    public async Task The_picture_arrives_with_channels_before_rows_and_columns()
    {
        float[] seen = [];
        long[] shape = [];
        var encoder = StartEncoder(() => StandIns.Calling(x =>
        {
            shape = x.shape;
            seen = x.contiguous().data<float>().ToArray();
            return x * 1;
        }));
        var frame = Captured(sequence: 1);
        // Rows and columns of RGB triples.
        float[] pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        pixels.CopyTo(frame.Frame.Pixels, 0);
        encoder.Tell(Ready.Once, _fusion);

        encoder.Tell(frame, _camera);

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        Assert.Equal([1, 3, 2, 2], shape);
        Assert.Equal([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12], seen);
    }

    [Fact]
    public async Task One_demand_brings_one_result()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Once, _fusion);
        encoder.Tell(Captured(sequence: 1), _camera);
        encoder.Tell(Captured(sequence: 2), _camera);

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();

        await _fusion.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task The_next_frame_is_asked_for_only_when_it_can_be_encoded_at_once()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Continuous, _fusion);
        await _camera.ExpectMsgAsync(Ready.Continuous);

        encoder.Tell(Captured(sequence: 1), _camera);

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        await _camera.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
        encoder.Tell(Ready.Continuous, _fusion);
        await _camera.ExpectMsgAsync(Ready.Continuous);
    }

    [Fact]
    public async Task Demand_repeated_while_it_works_brings_no_more_results_and_the_newest_frame_comes_next()
    {
        using var working = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        var encoder = StartEncoder(() => StandIns.Calling(x =>
        {
            working.Set();
            mayGoOn.Wait();
            return x * 1;
        }));
        encoder.Tell(Ready.Continuous, _fusion);
        encoder.Tell(Captured(sequence: 1), _camera);
        working.Wait();

        encoder.Tell(Captured(sequence: 2), _camera);
        encoder.Tell(Ready.Continuous, _fusion);
        encoder.Tell(Captured(sequence: 3), _camera);
        encoder.Tell(Ready.Continuous, _fusion);
        mayGoOn.Set();

        using var first = await _fusion.ExpectMsgAsync<VisionEncoded>();
        await _fusion.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
        encoder.Tell(Ready.Continuous, _fusion);
        using var second = await _fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal((1, 3), (first.Origin.FrameSequence, second.Origin.FrameSequence));
    }

    [Fact]
    public async Task Somebody_else_who_asks_while_it_works_is_answered_too()
    {
        using var working = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        var other = CreateTestProbe();
        var encoder = StartEncoder(() => StandIns.Calling(x =>
        {
            working.Set();
            mayGoOn.Wait();
            return x * 1;
        }));
        encoder.Tell(Ready.Once, _fusion);
        encoder.Tell(Captured(sequence: 1), _camera);
        working.Wait();

        encoder.Tell(Ready.Once, other);
        encoder.Tell(Captured(sequence: 2), _camera);
        mayGoOn.Set();

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        (await other.ExpectMsgAsync<VisionEncoded>()).Dispose();
    }

    [Fact]
    public async Task Demand_for_one_result_lets_nothing_run_ahead()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Once, _fusion);
        await _camera.ExpectMsgAsync(Ready.Once);

        encoder.Tell(Captured(sequence: 1), _camera);

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        await _camera.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_newer_frame_replaces_one_that_nobody_asked_for_yet()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Captured(sequence: 1), _camera);
        encoder.Tell(Captured(sequence: 2), _camera);

        encoder.Tell(Ready.Once, _fusion);

        using var encoded = await _fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal(2, encoded.Origin.FrameSequence);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public async Task After_one_result_was_asked_for_a_second_frame_does_not_grow_old_here()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await LoadedAsync();
        encoder.Tell(Ready.Once, _fusion);
        encoder.Tell(Ready.Once, _fusion);
        encoder.Tell(Captured(sequence: 1), _camera);
        encoder.Tell(Captured(sequence: 2), _camera);
        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        await AwaitAssertAsync(() => Assert.Equal(0, Pool.Lent));
        while (_camera.HasMessages) await _camera.ReceiveOneAsync(TimeSpan.Zero);

        encoder.Tell(Ready.Once, _fusion);

        await _camera.ExpectMsgAsync(Ready.Once);
        encoder.Tell(Captured(sequence: 3), _camera);
        using var encoded = await _fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal(3, encoded.Origin.FrameSequence);
    }

    [Fact]
    public async Task Repeated_demand_is_passed_on_and_still_brings_one_result()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await LoadedAsync();
        encoder.Tell(Ready.Once, _fusion);
        encoder.Tell(Ready.Once, _fusion);
        await _camera.ExpectMsgAsync<Ready>();
        await _camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 1), _camera);

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        await _fusion.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_failing_module_is_loaded_again_and_the_frame_is_not_lost_to_the_pool()
    {
        var loads = 0;
        var encoder = StartEncoder(() =>
        {
            var first = Interlocked.Increment(ref loads) == 1;
            return StandIns.Failing(() => first);
        });
        encoder.Tell(Ready.Once, _fusion);
        await _camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 1), _camera);
        await AwaitAssertAsync(() => Assert.Equal(1, Monitor.Restarts));
        encoder.Tell(Ready.Once, _fusion);
        await _camera.ExpectMsgAsync<Ready>();
        encoder.Tell(Captured(sequence: 2), _camera);

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        Assert.Equal(2, loads);
        Assert.Equal(0, Pool.Lent);
        Assert.Equal("stand-in failed", Monitor.LastError);
    }

    [Fact]
    public async Task A_module_that_cannot_be_loaded_is_tried_again()
    {
        var attempts = 0;
        var encoder = StartEncoder(() =>
            Interlocked.Increment(ref attempts) < 3 ? throw new IOException("weights are gone") : StandIns.MeanEncoder());
        await LoadedAsync();

        encoder.Tell(Ready.Once, _fusion);

        await _camera.ExpectMsgAsync<Ready>();
        Assert.Equal(3, attempts);
        Assert.Equal(2, Monitor.Restarts);
        Assert.Equal("weights are gone", Monitor.LastError);
    }

    [Fact]
    public async Task A_killed_stage_takes_up_work_again_under_the_same_reference()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Kill.Instance);
        encoder.Tell(Ready.Once, _fusion);
        await _camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 3), _camera);

        (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        Assert.Equal(1, Monitor.Restarts);
    }

    [Fact]
    public async Task A_kept_frame_goes_back_to_the_pool_when_the_stage_stops()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await WatchAsync(encoder);
        encoder.Tell(Captured(sequence: 1), _camera);

        encoder.Tell(PoisonPill.Instance);

        await ExpectTerminatedAsync(encoder);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public async Task Every_call_runs_on_one_thread_in_inference_mode()
    {
        var threads = new List<int>();
        var inference = new List<bool>();
        var encoder = StartEncoder(() => StandIns.Calling(x =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
            inference.Add(torch.is_inference_mode_enabled());
            return x * 1;
        }));

        for (var i = 1; i <= 20; i++)
        {
            encoder.Tell(Ready.Once, _fusion);
            encoder.Tell(Captured(i), _camera);
            (await _fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        }

        Assert.Single(threads.Distinct());
        Assert.DoesNotContain(false, inference);
    }

    private Task LoadedAsync() => AwaitAssertAsync(() => Assert.Equal(StageState.Running, Monitor.State));

    private IActorRef StartEncoder(Func<Module<Tensor, Tensor>> create) =>
        Start(VisionEncoderActor.Props(Setup, create, torch.CPU, _camera));
}
