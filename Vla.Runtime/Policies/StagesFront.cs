using Akka.Actor;
using Vla.Actors.Pipeline;

namespace Vla.Runtime.Policies;

/// <summary>
/// What stands before a policy's stages where there are no cameras' and words' actors: which words they are told, who
/// of them asks for a picture, and so when one may be shown.
/// </summary>
/// <remarks>
/// A picture is only shown once the words in force have reached the stages, so that none meets those before. Demand
/// that is said again is answered again: a stage lets go of what it needs no more. For one actor, which tells it of the
/// messages.
/// </remarks>
/// <param name="takesWords">Whether the stages ask for words before they work.</param>
internal sealed class StagesFront(bool takesWords)
{
    private IActorRef? _first;
    private IActorRef? _language;
    private long _known;

    /// <summary>What is in force; null before anything was said.</summary>
    public Instruction? Words { get; private set; }

    /// <summary>Other words are in force from now on.</summary>
    public void Say(string words)
    {
        Words = new Instruction((Words?.Number ?? 0) + 1, words, GivenNs: 0);
        _language?.Tell(new InstructionChanged(Words));
    }

    /// <summary>A stage has asked for words, and is told those that it does not have.</summary>
    public void Wanted(InstructionWanted wanted, IActorRef stage)
    {
        (_language, _known) = (stage, wanted.After);
        if (Words is { } newer && newer.Number > _known)
            stage.Tell(new InstructionChanged(newer));
    }

    /// <summary>A stage has asked for a picture.</summary>
    public void Ready(IActorRef stage) => _first = stage;

    /// <summary>
    /// Who is to be shown a picture now, and asks no more; null while nobody asks or the words are still under way.
    /// </summary>
    public IActorRef? Take()
    {
        if (takesWords && _known != Words?.Number)
            return null;
        (var stage, _first) = (_first, null);
        return stage;
    }
}
