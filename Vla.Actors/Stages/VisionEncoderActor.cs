using Akka.Actor;
using TorchSharp;
using Vla.Actors.Publishing;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Stages;

/// <summary>Turns camera pictures into vision features: <see cref="FrameCaptured"/> in, <see cref="VisionEncoded"/> out.</summary>
public sealed class VisionEncoderActor(
    StageSetup setup, Func<Module<Tensor, Tensor>> createEncoder, Device device, IActorRef camera)
    : StageActor<FrameCaptured>(setup, camera)
{
    private Module<Tensor, Tensor>? _encoder;
    private long[] _shape = [];
    private long[] _strides = [];

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="createEncoder">Makes the module; called after every start, on the stage's thread.</param>
    /// <param name="device">Where the module computes.</param>
    /// <param name="camera">Upstream: is told <see cref="Ready"/>.</param>
    public static Props Props(StageSetup setup, Func<Module<Tensor, Tensor>> createEncoder, Device device, IActorRef camera) =>
        Akka.Actor.Props.Create(() => new VisionEncoderActor(setup, createEncoder, device, camera));

    /// <summary>The camera keeps its newest picture for whoever asks: the later it is asked, the newer the picture.</summary>
    protected override bool AsksAhead => false;

    protected override void Load() => _encoder = createEncoder();

    protected override object Process(FrameCaptured input, long startedNs)
    {
        var frame = input.Frame;
        using var memory = frombuffer(frame.Pixels, ScalarType.Float32);
        using var picture = View(memory, frame);
        var features = Encode(picture).DetachFromDisposeScope();
        var encoded = new StageTimes(startedNs, Setup.Time.NowNs());
        Setup.Monitor.Features.Offer(features, encoded.FinishedNs);
        return new VisionEncoded(features, new Origin
        {
            FrameSequence = frame.Sequence,
            Instruction = "",
            CapturedNs = frame.CapturedNs,
            Prepared = new StageTimes(frame.CapturedNs, frame.PreparedNs),
            Encoded = encoded,
        });
    }

    protected override void Release()
    {
        base.Release();
        _encoder?.Dispose();
    }

    private Tensor Encode(Tensor picture)
    {
        if (device.type == DeviceType.CPU) return _encoder!.call(picture);

        using var copy = picture.to(device);
        return _encoder!.call(copy);
    }

    /// <summary>The frame's own memory as [1, 3, height, width]; its strides say channels-last, nothing is copied.</summary>
    private Tensor View(Tensor memory, Frame frame)
    {
        const int channels = 3;
        if (_shape is not [_, _, var height, var width] || height != frame.Height || width != frame.Width)
        {
            _shape = [1, channels, frame.Height, frame.Width];
            _strides = [frame.Pixels.Length, 1, frame.Width * channels, channels];
        }

        return memory.as_strided(_shape, _strides);
    }
}
