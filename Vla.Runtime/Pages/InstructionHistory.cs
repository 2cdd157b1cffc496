using System.Collections.Immutable;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;

namespace Vla.Runtime.Pages;

/// <summary>The instructions given so far, by whomever, with the time each took to its first action.</summary>
public sealed class InstructionHistory
{
    private const int Kept = 30;

    private readonly PipelineLatencies _latencies;
    private ImmutableList<GivenInstruction> _newestFirst = [];

    public InstructionHistory(InstructionBoard board, PipelineLatencies latencies, TimeProvider time)
    {
        _latencies = latencies;
        board.Changed += given => Add(given, time.GetLocalNow());
        if (board.Current is { } current)
            Add(current, time.GetLocalNow());
    }

    /// <summary>The newest first; another object after each change.</summary>
    public IReadOnlyList<GivenInstruction> NewestFirst => Volatile.Read(ref _newestFirst);

    /// <summary>Notes what was acted upon since the last time.</summary>
    public void Update()
    {
        if (_latencies.NewestFirstAction is not { } first)
            return;
        ImmutableInterlocked.Update(
            ref _newestFirst,
            list =>
            {
                var place = list.FindIndex(given => given.Number == first.InstructionNumber);
                return place < 0 || list[place].FirstActionNs is not null
                    ? list
                    : list.SetItem(place, list[place] with { FirstActionNs = first.AfterNs });
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
public sealed record GivenInstruction(
    long Number,
    string Text,
    IReadOnlyList<string> UnknownWords,
    DateTimeOffset At,
    long? FirstActionNs
);
