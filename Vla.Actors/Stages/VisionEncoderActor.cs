using Akka.Actor;
using TorchSharp;
using Vla.Actors.Cameras;
using Vla.Actors.Pipeline;
using Vla.Sensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Stages;

/// <summary>Turns camera pictures into vision features: <see cref="FrameCaptured"/> in, <see cref="VisionEncoded"/> out.</summary>
public sealed class VisionEncoderActor(
    StageSetup setup, Func<Module<Tensor, Tensor>> createEncoder, Device device, IActorRef camera)
    : StageActor<FrameCaptured>(setup, camera)
{
    private readonly FrameTensors _pictures = new();
    private Module<Tensor, Tensor>? _encoder;
    private IFrameSource? _source;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="createEncoder">Makes the module; called after every start, on the stage's thread.</param>
    /// <param name="device">Where the module computes.</param>
    /// <param name="camera">Upstream: is told <see cref="Ready"/>.</param>
    public static Props Props(StageSetup setup, Func<Module<Tensor, Tensor>> createEncoder, Device device, IActorRef camera) =>
        Akka.Actor.Props.Create(() => new VisionEncoderActor(setup, createEncoder, device, camera));

    protected override bool Leads => true;

    protected override void Load() => _encoder = createEncoder();

    protected override FrameCaptured Newest(FrameCaptured input)
    {
        _source = input.Source;
        return input.Newest();
    }

    protected override void AskAhead(Ready demand)
    {
        if (_source is not null) _source.Want(Self);
        else base.AskAhead(demand);
    }

    protected override object Process(FrameCaptured input, long startedNs)
    {
        var frame = input.Frame;
        var features = Encode(_pictures.Of(frame)).DetachFromDisposeScope();
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
        _pictures.Dispose();
    }

    private Tensor Encode(Tensor picture)
    {
        if (device.type == DeviceType.CPU) return _encoder!.call(picture);

        using var copy = picture.to(device);
        return _encoder!.call(copy);
    }
}
