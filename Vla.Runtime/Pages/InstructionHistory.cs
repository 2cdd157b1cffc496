using System.Collections.Immutable;
using Vla.Actors.Instructions;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;

namespace Vla.Runtime.Pages;

/// <summary>The instructions given so far, by whomever, with the time each took to its first action.</summary>
internal sealed class InstructionHistory : IObserver, IDisposable
{
    private const int Kept = 30;

    private readonly TimeProvider _time;
    private readonly IObserverSubscription _subscription;
    private ImmutableList<GivenInstruction> _newestFirst = [];

    /// <param name="observers">Tell of words and of the first actions that follow them.</param>
    /// <param name="board">The words in force already.</param>
    /// <param name="time">The clock.</param>
    public InstructionHistory(ControllerObservers observers, InstructionBoard board, TimeProvider time)
    {
        _time = time;
        _subscription = observers.Add(this);
        if (board.Current is { } current)
            Add(current, time.GetLocalNow());
    }

    /// <summary>The newest first; another object after each change.</summary>
    public IReadOnlyList<GivenInstruction> NewestFirst => Volatile.Read(ref _newestFirst);

    string IObserver.Name => "page";

    Sightings IObserver.Wants => Sightings.Instructions | Sightings.FirstActions;

    void IObserver.Observe(in Sighting sighting)
    {
        switch (sighting.What)
        {
            case Instruction given:
                Add(given, _time.GetLocalNow());
                break;

            case FirstPublished first:
                Note(first);
                break;
        }
    }

    public void Dispose() => _subscription.Dispose();

    /// <summary>Waits until what has happened so far is noted, or for so long.</summary>
    internal bool Flush(TimeSpan bound) => _subscription.Flush(bound);

    private void Note(FirstPublished first)
    {
        if (first.Origin.InstructionGivenNs <= 0)
            return;
        ImmutableInterlocked.Update(
            ref _newestFirst,
            list =>
            {
                var place = list.FindIndex(given => given.Number == first.Origin.InstructionNumber);
                return place < 0 || list[place].FirstActionNs is not null
                    ? list
                    : list.SetItem(
                        place,
                        list[place] with
                        {
                            FirstActionNs = first.PublishedNs - first.Origin.InstructionGivenNs,
                        }
                    );
            }
        );
    }

    private void Add(Instruction given, DateTimeOffset at) =>
        ImmutableInterlocked.Update(
            ref _newestFirst,
            list =>
            {
                list = list.Any(known => known.Number == given.Number)
                    ? list
                    : list.Insert(0, new GivenInstruction(given.Number, given.Text, given.UnknownWords, at, null));
                return list.Count > Kept ? list.RemoveAt(Kept) : list;
            }
        );
}

/// <summary>An instruction that was given.</summary>
/// <param name="Number">Counts instructions from 1.</param>
/// <param name="Text">In plain words.</param>
/// <param name="UnknownWords">Words that the policy's vocabulary lacks.</param>
/// <param name="At">When, by the wall clock.</param>
/// <param name="FirstActionNs">From giving it to the first action made with it, nanoseconds; null until there is
/// one.</param>
internal sealed record GivenInstruction(
    long Number,
    string Text,
    IReadOnlyList<string> UnknownWords,
    DateTimeOffset At,
    long? FirstActionNs
);
