using System.Globalization;
using System.Numerics;

namespace Vla.Runtime.Commands;

/// <summary>Numbers that options of commands may be.</summary>
internal static class Bounds
{
    /// <summary>A number within its bounds.</summary>
    /// <param name="option">As users write it: <c>--episodes</c>.</param>
    /// <param name="value">As given.</param>
    /// <param name="least">The least that it may be.</param>
    /// <param name="most">The most.</param>
    /// <exception cref="UsageException">It is beyond them, or no number.</exception>
    public static T Require<T>(string option, T value, T least, T most)
        where T : INumber<T> =>
        value >= least && value <= most
            ? value
            : throw new UsageException(
                string.Create(CultureInfo.InvariantCulture, $"{option} is {value}: allowed is {least} to {most}")
            );
}
