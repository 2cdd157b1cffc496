using Akka.Actor;
using TorchSharp;
using Vla.Actors.Observations;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Actors;

/// <summary>Turns camera pictures into vision features: <see cref="ObservationCaptured"/> in, <see cref="VisionEncoded"/> out.</summary>
public sealed class VisionEncoderActor(
    StageSetup setup, Func<Module<Tensor, Tensor>> createEncoder, Device device, IActorRef observations,
    IObservationSource? source)
    : StageActor<ObservationCaptured>(setup, observations)
{
    private readonly FrameTensors _pictures = new();
    private Module<Tensor, Tensor>? _encoder;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="createEncoder">Makes the module; called after every start, on the stage's thread.</param>
    /// <param name="device">Where the module computes.</param>
    /// <param name="observations">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="source">The shorter way to what upstream gives; null for none.</param>
    public static Props Props(
        StageSetup setup, Func<Module<Tensor, Tensor>> createEncoder, Device device, IActorRef observations,
        IObservationSource? source = null) =>
        Akka.Actor.Props.Create(() => new VisionEncoderActor(setup, createEncoder, device, observations, source));

    protected override bool Leads => true;

    protected override void Load() => _encoder = createEncoder();

    protected override ObservationCaptured Newest(ObservationCaptured input)
    {
        source?.Exchange(input.Observation);
        return input;
    }

    protected override void AskAhead(Ready demand)
    {
        if (source is not null) source.Want(Self);
        else base.AskAhead(demand);
    }

    protected override object Process(ObservationCaptured input, long startedNs)
    {
        var (seen, frame) = (input.Observation, input.Observation[0]);
        var features = Encode(_pictures.Of(frame)).DetachFromDisposeScope();
        var finishedNs = Setup.Time.NowNs();
        Setup.Monitor.Features.Offer(features, finishedNs);
        return new VisionEncoded(features, new Origin
        {
            FrameSequence = frame.Sequence,
            Instruction = "",
            CapturedNs = seen.CapturedNs,
            Steps = StepTrail.Of(StepTrail.Prepare, seen.CapturedNs, seen.PreparedNs).With(StagedSteps.Encode, startedNs, finishedNs),
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
