using System.Globalization;
using Vla.Actors.Chunks;

namespace Vla.Runtime.Status;

/// <summary>
/// Says in a line what a policy makes of the pictures, so that figures which are as they should be do not look like
/// losses.
/// </summary>
internal static class FlowWords
{
    /// <summary>A policy slower than this has not begun, or hangs, Hz.</summary>
    private const double Standing = 0.05;

    /// <param name="cameraHz">Pictures a second.</param>
    /// <param name="policyHz">Actions, or chunks of them, that the policy gives a second.</param>
    /// <param name="horizon">Actions in each.</param>
    /// <param name="chunks">What became of them.</param>
    /// <returns>Empty while the policy gives nothing.</returns>
    public static string Of(double cameraHz, double policyHz, int horizon, ChunkCounts chunks)
    {
        if (policyHz < Standing)
            return "";
        var every = (int)Math.Round(cameraHz / policyHz);
        var pictures =
            every > 1 ? $"the policy takes every {Ordinal(every)} picture" : "the policy takes every picture";
        if (horizon == 1 || chunks.CarriedOut + chunks.CutShort == 0)
            return pictures;
        var followed = string.Create(
            CultureInfo.InvariantCulture,
            $"{Math.Clamp(chunks.ActionsOfLast, 1, horizon)} of the {horizon} actions of a chunk are followed"
        );
        return chunks.ActionsOfLast < horizon
            ? $"{pictures}; {followed} before the next chunk is there"
            : $"{pictures}; {followed}";
    }

    private static string Ordinal(int number) =>
        number.ToString(CultureInfo.InvariantCulture)
        + (
            number % 100 is >= 11 and <= 13
                ? "th"
                : (number % 10) switch
                {
                    1 => "st",
                    2 => "nd",
                    3 => "rd",
                    _ => "th",
                }
        );
}
