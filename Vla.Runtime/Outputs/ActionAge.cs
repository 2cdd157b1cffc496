using System.Globalization;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Outputs;

/// <summary>How old the picture behind an action is, for people: now, at most, and when the action arrived.</summary>
internal static class ActionAge
{
    public static string Words(PublishedAction? action)
    {
        if (action?.AgeNs is not { } ageNs)
            return "no action yet";
        var limit = action.AgeLimitNs is { } limitNs ? $" of {Ms(limitNs, "0")}" : "";
        var arrival = action.ArrivalAgeNs is { } arrivalNs ? $" ({Ms(arrivalNs, "0")} on arrival)" : "";
        return $"age {Ms(ageNs, ageNs < 100 * MonotonicTime.NsPerMs ? "0.00" : "0")}{limit} ms{arrival}";
    }

    private static string Ms(long ns, string format) =>
        ((double)ns / MonotonicTime.NsPerMs).ToString(format, CultureInfo.InvariantCulture);
}
