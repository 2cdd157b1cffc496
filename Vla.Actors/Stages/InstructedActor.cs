using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Sensors.Observations;

namespace Vla.Actors.Stages;

/// <summary>A stage that takes observations and the words in force.</summary>
/// <param name="setup">Name, clock, threads.</param>
/// <param name="observations">Upstream: is told <see cref="Ready"/>, answers <see cref="ObservationCaptured"/>.</param>
/// <param name="instructions">Is told <see cref="InstructionWanted"/>, answers
/// <see cref="InstructionChanged"/>.</param>
public abstract class InstructedActor(StageSetup setup, IActorRef observations, IActorRef instructions)
    : InstructedActor<ObservationCaptured>(setup, observations, instructions);

/// <summary>A stage that takes its upstream neighbour's results and the words in force.</summary>
/// <param name="setup">Name, clock, threads.</param>
/// <param name="upstream">Is told <see cref="Ready"/>.</param>
/// <param name="instructions">Is told <see cref="InstructionWanted"/>, answers
/// <see cref="InstructionChanged"/>.</param>
/// <typeparam name="TInput">What upstream gives.</typeparam>
public abstract class InstructedActor<TInput>(StageSetup setup, IActorRef upstream, IActorRef instructions)
    : StageActor<TInput>(setup, upstream)
    where TInput : class, IDisposable
{
    private readonly InstructionDemand _words = new(instructions, setup.Time);

    private WordsInForce? _inForce;

    /// <summary>The words in force; null before there are any, and where none are asked for.</summary>
    protected Instruction? Instruction { get; private set; }

    /// <summary>Whether words are asked for; without, it works before there are any.</summary>
    protected virtual bool TakesWords => true;

    /// <summary>Nothing is done before somebody said what.</summary>
    protected override bool CanWork => !TakesWords || Instruction is not null;

    /// <summary>What was made so far, and now with the words in force.</summary>
    protected Origin InWords(Origin origin) => _inForce is null ? origin : origin.With(_inForce);

    /// <summary>Where what is made of an observation comes from, and the words that it is made for.</summary>
    /// <remarks>
    /// A policy that takes no words does the same whatever is said, and yet for the words in force: a recording asks.
    /// </remarks>
    /// <param name="seen">The observation.</param>
    /// <param name="place">Of the picture whose number it carries.</param>
    protected Origin OriginOf(Observation seen, int place = 0)
    {
        if (!TakesWords && (_inForce?.Number, _inForce?.Text) != (seen.InstructionNumber, seen.Instruction))
            _inForce = new WordsInForce(seen.InstructionNumber, seen.Instruction);
        return InWords(Origin.Of(seen, place));
    }

    /// <inheritdoc/>
    protected override void Handle(object message)
    {
        switch (message)
        {
            case InstructionChanged changed:
                Instruction = changed.Instruction;
                _inForce = TakesWords ? WordsInForce.Of(changed.Instruction) : null;
                _words.After(changed.Instruction);
                GoOn();
                break;

            case Ready:
                if (TakesWords)
                    _words.Again();
                base.Handle(message);
                break;

            default:
                base.Handle(message);
                break;
        }
    }
}
