using Akka.Actor;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Sensors;
using Vla.Sensors.Observations;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Actors;

/// <summary>
/// Turns camera pictures into vision features: <see cref="ObservationCaptured"/> in, <see cref="VisionEncoded"/> out.
/// </summary>
public sealed class VisionEncoderActor(
    StageSetup setup,
    Func<Module<Tensor, Tensor>> createEncoder,
    Device device,
    IActorRef observations,
    IObservationSource? source,
    IReadOnlyList<string>? pictures
) : StageActor<ObservationCaptured>(setup, observations)
{
    private readonly PicturePlaces _places = new(pictures);
    private readonly FrameTensors _pictures = new();
    private Module<Tensor, Tensor>? _encoder;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="createEncoder">Makes the module; called after every start, on the stage's thread.</param>
    /// <param name="device">Where the module computes.</param>
    /// <param name="observations">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="source">The shorter way to what upstream gives; null for none.</param>
    /// <param name="pictures">What the pictures are called that the module wants, in its order; null for the first
    /// one.</param>
    public static Props Props(
        StageSetup setup,
        Func<Module<Tensor, Tensor>> createEncoder,
        Device device,
        IActorRef observations,
        IObservationSource? source = null,
        IReadOnlyList<string>? pictures = null
    ) =>
        Akka.Actor.Props.Create(() =>
            new VisionEncoderActor(setup, createEncoder, device, observations, source, pictures)
        );

    private protected override ThreadUse ThreadUse => ThreadUse.Lends;

    /// <inheritdoc/>
    protected override void Load() => _encoder = createEncoder();

    /// <inheritdoc/>
    protected override ObservationCaptured Newest(ObservationCaptured input)
    {
        source?.Exchange(input.Observation);
        return input;
    }

    /// <inheritdoc/>
    protected override void AskAhead(IActorRef upstream)
    {
        if (source is not null)
            source.Want(Self);
        else
            base.AskAhead(upstream);
    }

    /// <inheritdoc/>
    protected override object Process(ObservationCaptured input, long startedNs)
    {
        var seen = input.Observation;
        var places = _places.Of(seen);
        var features = Encode(seen, places).DetachFromDisposeScope();
        var finishedNs = Setup.Time.NowNs();
        Setup.Monitor.Features.Offer(features, finishedNs);
        return new VisionEncoded(features, Origin.Of(seen, places[0]).With(StagedSteps.Encode, startedNs, finishedNs))
        {
            State = seen.State,
        };
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        base.Release();
        _encoder?.Dispose();
        _pictures.Dispose();
    }

    private Tensor Encode(Observation seen, IReadOnlyList<int> places)
    {
        if (places.Count == 1)
            return Encode(_pictures.Of(seen[places[0]]));
        using var stacked = cat([.. places.Select(place => _pictures.Of(seen[place]))], 1);
        return Encode(stacked);
    }

    private Tensor Encode(Tensor picture)
    {
        if (device.type == DeviceType.CPU)
            return _encoder!.call(picture);

        using var copy = picture.to(device);
        return _encoder!.call(copy);
    }
}
