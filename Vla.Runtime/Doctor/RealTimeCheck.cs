using System.Globalization;
using Vla.Sensors;

namespace Vla.Runtime.Doctor;

/// <summary>How well can this machine keep time: the right to real-time priority, and the clock.</summary>
internal static class RealTimeCheck
{
    // linux/capability.h
    private const int CapSysNice = 23;

    private const long CoarsestClockNs = MonotonicTime.NsPerMs;

    public static IEnumerable<Finding> Look() =>
        OperatingSystem.IsLinux()
            ? [Rights(File.ReadAllText("/proc/self/limits"), File.ReadAllText("/proc/self/status"))]
            : [Finding.Note("real time", "not looked at on this system")];

    /// <param name="limits">Text of <c>/proc/self/limits</c>.</param>
    /// <param name="status">Text of <c>/proc/self/status</c>.</param>
    public static Finding Rights(string limits, string status)
    {
        const string subject = "real time";
        if ((EffectiveCapabilities(status) & (1UL << CapSysNice)) != 0)
            return Finding.Note(subject, "this process may use real-time priority (CAP_SYS_NICE)");

        var limit = RealTimeLimit(limits);
        return limit == "0"
            ? Finding.Note(
                subject,
                "no right to real-time priority; the control loop keeps its rate without, a busy machine disturbs it "
                    + "more",
                "LimitRTPRIO=50 in the systemd unit, or 'USER - rtprio 50' in /etc/security/limits.d/vla.conf"
            )
            : Finding.Note(subject, $"this process may use real-time priority up to {limit}");
    }

    public static IEnumerable<Finding> Clock(TimeProvider time)
    {
        var step = SmallestStepNs(time);
        yield return step <= CoarsestClockNs
            ? Finding.Ok("clock", $"monotonic, steps of {step} ns")
            : Finding.Fail(
                "clock",
                $"monotonic clock advances in steps of {step} ns: too coarse to time actions with",
                "choose another clock source in /sys/devices/system/clocksource/clocksource0/"
            );
    }

    private static long SmallestStepNs(TimeProvider time)
    {
        const int samples = 1_000;
        var smallest = long.MaxValue;
        for (var i = 0; i < samples; i++)
        {
            var start = time.NowNs();
            var next = start;
            while (next == start)
                next = time.NowNs();
            smallest = Math.Min(smallest, next - start);
        }

        return smallest;
    }

    private static ulong EffectiveCapabilities(string status)
    {
        const string key = "CapEff:";
        var line = Line(status, key);
        return ulong.TryParse(
            line.AsSpan(Math.Min(key.Length, line.Length)).Trim(),
            NumberStyles.HexNumber,
            null,
            out var mask
        )
            ? mask
            : 0;
    }

    private static string RealTimeLimit(string limits)
    {
        const string key = "Max realtime priority";
        var columns = Line(limits, key)
            .Replace(key, "", StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns.FirstOrDefault("0");
    }

    private static string Line(string text, string start) =>
        Array.Find(text.Split('\n'), line => line.StartsWith(start, StringComparison.Ordinal)) ?? "";
}
