using Akka.Actor;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Rt1.Modules;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Rt1.Actors;

/// <summary>
/// Makes tokens of a picture, tuned by the words: <see cref="ObservationCaptured"/> in, <see cref="PicturesSeen"/> out.
/// </summary>
/// <remarks>The words' vector is kept while they stay the same.</remarks>
internal sealed class Rt1LookActor(
    StageSetup setup,
    Rt1Policy policy,
    Device device,
    IActorRef observations,
    IActorRef instructions,
    IObservationSource? source
) : InstructedActor(setup, observations, instructions)
{
    private readonly FrameTensors _pictures = new();
    private Rt1Checkpoint? _checkpoint;
    private (string Words, Tensor Vector)? _context;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="policy">Whose eyes they are.</param>
    /// <param name="device">Where they compute.</param>
    /// <param name="observations">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="instructions">Is told <see cref="InstructionWanted"/>.</param>
    /// <param name="source">The shorter way to what upstream gives; null for none.</param>
    public static Props Props(
        StageSetup setup,
        Rt1Policy policy,
        Device device,
        IActorRef observations,
        IActorRef instructions,
        IObservationSource? source
    ) => Akka.Actor.Props.Create(() => new Rt1LookActor(setup, policy, device, observations, instructions, source));

    private protected override ThreadUse ThreadUse => ThreadUse.Lends;

    protected override void Load()
    {
        _checkpoint = Rt1Checkpoint.Open(policy.Directory, device);
        _checkpoint.WarmUpVision();
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
        var (seen, instruction) = (input.Observation, Instruction!);
        var picture = _pictures.Of(seen[0]);
        var tokens = _checkpoint!
            .Look(device.type == DeviceType.CPU ? picture : picture.to(device), VectorOf(instruction.Text))
            .DetachFromDisposeScope();
        var finishedNs = Setup.Time.NowNs();
        Setup.Monitor.Features.Offer(tokens, finishedNs);
        return new PicturesSeen([tokens], Origin.Of(seen).With(instruction).With(Rt1Steps.Look, startedNs, finishedNs))
        {
            State = seen.State,
        };
    }

    protected override void Release()
    {
        base.Release();
        _context?.Vector.Dispose();
        _context = null;
        _checkpoint?.Dispose();
        _pictures.Dispose();
    }

    private Tensor VectorOf(string words)
    {
        if (_context is { } known && known.Words == words)
            return known.Vector;
        _context?.Vector.Dispose();
        _context = null;
        var vector = policy.Encode(words);
        var context = tensor(vector, [1, vector.Length]).to(device).DetachFromDisposeScope();
        _context = (words, context);
        return context;
    }
}
