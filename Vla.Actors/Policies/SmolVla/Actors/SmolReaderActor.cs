using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Actors;

/// <summary>
/// Reads pictures, words and state with the language model: <see cref="PicturesSeen"/> in, <see cref="PrefixRead"/>
/// out.
/// </summary>
/// <remarks>
/// The words' tokens are kept while the words stay the same. Pictures and words do not see the state, so what the model
/// keeps of them is used again where the same pictures come with another state.
/// </remarks>
internal sealed class SmolReaderActor(
    StageSetup setup,
    SmolVlaPolicy policy,
    Device device,
    IActorRef vision,
    IActorRef instructions
) : InstructedActor<PicturesSeen>(setup, vision, instructions)
{
    private readonly StateInput _state = new(policy.State, device);
    private SmolVlaCheckpoint? _checkpoint;
    private Tensor? _words;
    private string? _wordsOf;
    private SmolPrefix? _prefix;
    private (SeenPictures Pictures, string Words) _prefixOf;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="policy">Whose language model it is.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="vision">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="instructions">Is told <see cref="InstructionWanted"/>.</param>
    public static Props Props(
        StageSetup setup,
        SmolVlaPolicy policy,
        Device device,
        IActorRef vision,
        IActorRef instructions
    ) => Akka.Actor.Props.Create(() => new SmolReaderActor(setup, policy, device, vision, instructions));

    /// <summary>How often pictures and words were read.</summary>
    internal long Readings { get; private set; }

    protected override void Load()
    {
        _checkpoint = SmolVlaCheckpoint.Open(policy.Directory, device);
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        var words = _checkpoint.Embed(policy.Tokenize("warm up").to(device));
        _checkpoint.Feel(_checkpoint.Read(words), zeros([1, policy.State.Dimensions], device: device));
    }

    protected override object Process(PicturesSeen input, long startedNs)
    {
        var instruction = Instruction!;
        var prefix = _checkpoint!.Feel(Seen(input, instruction.Text), _state.Of(input.State)).Detached();
        return new PrefixRead(prefix, InWords(input.Origin).With(SmolSteps.Read, startedNs, Setup.Time.NowNs()))
        {
            State = input.State,
        };
    }

    protected override void Release()
    {
        base.Release();
        Forget();
        _words?.Dispose();
        _words = null;
        _checkpoint?.Dispose();
    }

    private SmolPrefix Seen(PicturesSeen input, string words)
    {
        var of = (input.Origin.Pictures, words);
        if (_prefix is not null && of.Pictures.Count > 0 && of == _prefixOf)
            return _prefix;
        Forget();
        if (_wordsOf != words)
        {
            _words?.Dispose();
            _words = _checkpoint!.Embed(policy.Tokenize(words).to(device)).DetachFromDisposeScope();
            _wordsOf = words;
        }

        Readings++;
        _prefix = _checkpoint!.Read(cat([.. input.Maps, _words!], 1)).Detached();
        _prefixOf = of;
        return _prefix;
    }

    private void Forget()
    {
        _prefix?.Dispose();
        _prefix = null;
    }
}
