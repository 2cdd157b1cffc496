using Akka.Actor;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Act.Actors;

/// <summary>
/// Sends every camera's picture through the vision backbone: <see cref="ObservationCaptured"/> in,
/// <see cref="PicturesSeen"/> out.
/// </summary>
internal sealed class ActVisionActor(
    StageSetup setup,
    ActPolicy policy,
    Device device,
    IActorRef observations,
    IObservationSource? source
) : StageActor<ObservationCaptured>(setup, observations)
{
    private readonly PicturePlaces _places = new(policy.Pictures);
    private readonly FrameTensors _pictures = new();
    private ActVision? _vision;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="policy">Whose backbone it is.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="observations">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="source">The shorter way to what upstream gives; null for none.</param>
    public static Props Props(
        StageSetup setup,
        ActPolicy policy,
        Device device,
        IActorRef observations,
        IObservationSource? source
    ) => Akka.Actor.Props.Create(() => new ActVisionActor(setup, policy, device, observations, source));

    private protected override ThreadUse ThreadUse => ThreadUse.Lends;

    protected override void Load()
    {
        if (policy.Pictures is null)
            return;
        _vision = ActVision.Load(policy.Directory, device);
        _vision.WarmUp(policy.Pictures.Select(policy.ImageOf), device);
    }

    protected override ObservationCaptured Newest(ObservationCaptured input)
    {
        source?.Exchange(input.Observation);
        return input;
    }

    protected override void AskAhead(IActorRef upstream)
    {
        if (source is not null)
            source.Want(Self);
        else
            base.AskAhead(upstream);
    }

    protected override object Process(ObservationCaptured input, long startedNs)
    {
        var seen = input.Observation;
        var places = _places.Of(seen);
        var maps = new List<Tensor>();
        if (_vision is not null)
        {
            foreach (var place in places)
                maps.Add(Look(_pictures.Of(seen[place])));
        }

        var finishedNs = Setup.Time.NowNs();
        if (maps.Count > 0)
            Setup.Monitor.Features.Offer(maps[0], finishedNs);
        foreach (var map in maps)
            map.DetachFromDisposeScope();
        // What it does is the same whatever is said, and yet made for the words in force: a recording asks.
        var origin = Origin.Of(seen, places[0]) with
        {
            Instruction = seen.Instruction,
            InstructionNumber = seen.InstructionNumber,
        };
        return new PicturesSeen(maps, origin.With(ActSteps.Look, startedNs, finishedNs)) { State = seen.State };
    }

    protected override void Release()
    {
        base.Release();
        _vision?.Dispose();
        _pictures.Dispose();
    }

    private Tensor Look(Tensor picture)
    {
        if (device.type == DeviceType.CPU)
            return _vision!.call(picture);
        using var copy = picture.to(device);
        return _vision!.call(copy);
    }
}
