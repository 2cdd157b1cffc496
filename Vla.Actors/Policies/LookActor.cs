using Akka.Actor;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>
/// Sends every camera's picture through a policy's eyes: <see cref="ObservationCaptured"/> in,
/// <see cref="PicturesSeen"/> out.
/// </summary>
/// <remarks>Eyes that words tune look at nothing before there are any.</remarks>
internal sealed class LookActor(
    StageSetup setup,
    IReadOnlyList<string>? pictures,
    string step,
    Func<ILooks?> load,
    Device device,
    IActorRef observations,
    IActorRef? instructions,
    IObservationSource? source
) : InstructedActor(setup, observations, instructions ?? ActorRefs.Nobody)
{
    private readonly PicturePlaces _places = new(pictures);
    private readonly FrameTensors _pictures = new();
    private ILooks? _eyes;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="pictures">The cameras, in the policy's order; null for the first one, whatever its name.</param>
    /// <param name="step">The step's name in <see cref="Origin.Steps"/>.</param>
    /// <param name="load">Makes the eyes, on the stage's thread; null for a policy without pictures.</param>
    /// <param name="device">Where they compute.</param>
    /// <param name="observations">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="instructions">Is told <see cref="InstructionWanted"/>; null where words tune no eyes.</param>
    /// <param name="source">The shorter way to what upstream gives; null for none.</param>
    public static Props Props(
        StageSetup setup,
        IReadOnlyList<string>? pictures,
        string step,
        Func<ILooks?> load,
        Device device,
        IActorRef observations,
        IActorRef? instructions,
        IObservationSource? source
    ) =>
        Akka.Actor.Props.Create(() =>
            new LookActor(setup, pictures, step, load, device, observations, instructions, source)
        );

    protected override bool TakesWords => instructions is not null;

    private protected override ThreadUse ThreadUse => ThreadUse.Lends;

    protected override void Load()
    {
        _eyes = load();
        _eyes?.WarmUp();
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
        if (_eyes is not null)
        {
            foreach (var place in places)
                maps.Add(Look(_pictures.Of(seen[place]), Instruction?.Text ?? ""));
        }

        var finishedNs = Setup.Time.NowNs();
        if (maps.Count > 0)
            Setup.Monitor.Features.Offer(maps[0], finishedNs);
        foreach (var map in maps)
            map.DetachFromDisposeScope();
        return new PicturesSeen(maps, OriginOf(seen, places[0]).With(step, startedNs, finishedNs))
        {
            State = seen.State,
        };
    }

    protected override void Release()
    {
        base.Release();
        _eyes?.Dispose();
        _pictures.Dispose();
    }

    private Tensor Look(Tensor picture, string words)
    {
        if (device.type == DeviceType.CPU)
            return _eyes!.Look(picture, words);
        using var copy = picture.to(device);
        return _eyes!.Look(copy, words);
    }
}
