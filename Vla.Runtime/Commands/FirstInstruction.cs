using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Commands;

/// <summary>The words that are given with a run's settings.</summary>
internal static class FirstInstruction
{
    /// <summary>
    /// Checks them as all others are; a stop among them means that the robot starts stopped.
    /// </summary>
    /// <param name="text">As given; empty for none.</param>
    /// <param name="policy">Says which words it knows.</param>
    /// <param name="tabletop">Says what they mean on it; null without one.</param>
    /// <param name="board">Is told words that are no stop.</param>
    /// <exception cref="UsageException">They cannot be followed.</exception>
    public static CheckedInstruction Give(
        string text,
        IPolicy policy,
        SimulatedTabletop? tabletop,
        InstructionBoard board
    )
    {
        if (text.Length == 0)
            return new CheckedInstruction();
        var check = new InstructionCheck
        {
            Words = policy.ReadWords,
            TakesWords = policy.TakesWords,
            Scene = tabletop is null ? null : tabletop.Episodes.Answer,
        };
        var first = check.Read(text);
        if (first.Problem.Length > 0)
            throw new UsageException(first.Problem);
        if (!first.IsStop)
            board.Give(first.Text, first.UnknownWords);
        return first;
    }
}
