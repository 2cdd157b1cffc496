using System.Globalization;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Simulation;

/// <summary>
/// What is typed at the prompt to have another table: <c>/new</c>, or <c>/new 7</c> for that of seed 7.
/// </summary>
internal static class TableCommand
{
    public const string Word = "/new";

    /// <param name="text">What was typed.</param>
    /// <param name="seed">Which table; null for the next.</param>
    /// <param name="problem">What is wrong with the seed, with the mend; empty when nothing is.</param>
    /// <returns>False when it is no such command at all.</returns>
    public static bool TryRead(string text, out long? seed, out string problem)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (seed, problem) = (null, "");
        if (words is not [Word, ..])
            return false;
        if (words.Length == 1)
            return true;

        if (
            words.Length == 2
            && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= WorldSettings.LargestSeed
        )
            seed = number;
        else
            problem =
                $"'{string.Join(' ', words[1..])}' is no table's seed: write {Word}, or {Word} and a number from 0 "
                + $"to {WorldSettings.LargestSeed}";
        return true;
    }
}
