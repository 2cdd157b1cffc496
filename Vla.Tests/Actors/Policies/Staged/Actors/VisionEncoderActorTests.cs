using Akka.Actor;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Staged.Actors;

public sealed class VisionEncoderActorTests : VisionEncoderTestKit
{
    [Fact]
    public async Task Asks_for_a_frame_only_when_somebody_asked_for_features()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await LoadedAsync();
        await HearsNothingAsync(Camera, encoder);

        encoder.Tell(Ready.Once, Fusion);

        await Camera.ExpectMsgAsync(Ready.Once);
    }

    [Fact]
    public async Task Encodes_the_frame_answers_the_asker_and_gives_the_frame_back()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Once, Fusion);
        await Camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 7, value: 0.5f), Camera);

        using var encoded = await Fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal([0.5f, 0.5f], encoded.Features.data<float>().ToArray());
        Assert.Equal(7, encoded.Origin.FrameSequence);
        Assert.Equal(7_000, encoded.Origin.CapturedNs);
        Assert.Equal(7_001, encoded.Origin.Steps[0].FinishedNs);
        Assert.True(encoded.Origin.Steps[1].FinishedNs >= encoded.Origin.Steps[1].StartedNs);
        Assert.Equal(0, Pool.Lent);
        Assert.Equal(1, Monitor.Processed);
    }

    [Fact]
    public async Task The_picture_arrives_with_channels_before_rows_and_columns()
    {
        float[] seen = [];
        long[] shape = [];
        var encoder = StartEncoder(() =>
            StandIns.Calling(x =>
            {
                shape = x.shape;
                seen = x.contiguous().data<float>().ToArray();
                return x * 1;
            })
        );
        var frame = Captured(sequence: 1);
        // Rows and columns of RGB triples.
        float[] pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        pixels.CopyTo(frame.Observation[0].Pixels, 0);
        encoder.Tell(Ready.Once, Fusion);

        encoder.Tell(frame, Camera);

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        Assert.Equal([1, 3, 2, 2], shape);
        Assert.Equal([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12], seen);
    }

    [Fact]
    public async Task Several_pictures_are_stacked_in_the_policys_order_and_the_state_goes_with_the_features()
    {
        float[] seen = [];
        var encoder = Start(
            VisionEncoderActor.Props(
                Setup,
                () =>
                    StandIns.Calling(x =>
                    {
                        seen = x.mean([2, 3]).contiguous().data<float>().ToArray();
                        return x * 1;
                    }),
                CPU,
                Camera,
                pictures: ["wrist", "front"]
            )
        );
        var (front, wrist) = (
            Captured(sequence: 5, value: 1f).Observation[0],
            Captured(sequence: 9, value: 2f).Observation[0]
        );
        var state = new RobotReading(["jaw"], [0.5f], AtNs: 5_000);
        encoder.Tell(Ready.Once, Fusion);

        encoder.Tell(
            new ObservationCaptured(new Observation(["front", "wrist"], front, wrist) { State = state }),
            Camera
        );

        using var encoded = await Fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal([2f, 2f, 2f, 1f, 1f, 1f], seen);
        Assert.Equal((9, 5_000), (encoded.Origin.FrameSequence, encoded.Origin.CapturedNs));
        Assert.Same(state, encoded.State);
        Assert.Equal(0, Pool.Lent);
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
        encoder.Tell(Ready.Once, Fusion);
        await Camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 1), Camera);
        await AwaitAssertAsync(() => Assert.Equal(1, Monitor.Restarts));
        encoder.Tell(Ready.Once, Fusion);
        await Camera.ExpectMsgAsync<Ready>();
        encoder.Tell(Captured(sequence: 2), Camera);

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        Assert.Equal(2, loads);
        Assert.Equal(0, Pool.Lent);
        Assert.Equal("stand-in failed", Monitor.LastError);
    }

    [Fact]
    public async Task A_module_that_cannot_be_loaded_is_tried_again()
    {
        var attempts = 0;
        var encoder = StartEncoder(() =>
            Interlocked.Increment(ref attempts) < 3 ? throw new IOException("weights are gone") : StandIns.MeanEncoder()
        );
        await LoadedAsync();

        encoder.Tell(Ready.Once, Fusion);

        await Camera.ExpectMsgAsync<Ready>();
        Assert.Equal(3, attempts);
        Assert.Equal(2, Monitor.Restarts);
        Assert.Equal("weights are gone", Monitor.LastError);
    }

    [Fact]
    public async Task A_killed_stage_takes_up_work_again_under_the_same_reference()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Kill.Instance);
        encoder.Tell(Ready.Once, Fusion);
        await Camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 3), Camera);

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        Assert.Equal(1, Monitor.Restarts);
    }

    [Fact]
    public async Task Weights_loaded_after_a_restart_stay()
    {
        var encoder = StartEncoder(() =>
        {
            var weights = ones(1, 2);
            return StandIns.Calling(x => weights * x.mean());
        });
        await EncodeAsync(1);
        encoder.Tell(Kill.Instance);

        await EncodeAsync(2);
        await EncodeAsync(3);

        Assert.Equal(1, Monitor.Restarts);

        async Task EncodeAsync(long sequence)
        {
            encoder.Tell(Ready.Once, Fusion);
            encoder.Tell(Captured(sequence), Camera);
            (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        }
    }

    [Fact]
    public async Task A_kept_frame_goes_back_to_the_pool_when_the_stage_stops()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await WatchAsync(encoder);
        encoder.Tell(Captured(sequence: 1), Camera);

        encoder.Tell(PoisonPill.Instance);

        await ExpectTerminatedAsync(encoder);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public async Task Every_call_runs_on_one_thread_in_inference_mode()
    {
        var threads = new List<int>();
        var inference = new List<bool>();
        var encoder = StartEncoder(() =>
            StandIns.Calling(x =>
            {
                threads.Add(Environment.CurrentManagedThreadId);
                inference.Add(torch.is_inference_mode_enabled());
                return x * 1;
            })
        );

        for (var i = 1; i <= 20; i++)
        {
            encoder.Tell(Ready.Once, Fusion);
            encoder.Tell(Captured(i), Camera);
            (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        }

        Assert.Single(threads.Distinct());
        Assert.DoesNotContain(false, inference);
    }
}
