namespace Vla.Runtime.Hosting;

/// <summary>
/// systemd's journal: whether it reads what this process writes, and how it is told a line's priority.
/// </summary>
internal static class Journal
{
    /// <summary>Whether standard error goes straight to the journal, as for a service.</summary>
    public static bool TakesStandardError { get; } =
        Takes(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), StandardErrorTarget());

    /// <summary>The beginning of an error's line: its priority where the journal reads it, nothing elsewhere.</summary>
    public static string ErrorMark => TakesStandardError ? $"<{Priority(LogLevel.Error)}>" : "";

    /// <summary>The priority of a level, as in syslog: 2 (critical) to 7 (debug).</summary>
    public static int Priority(LogLevel level) =>
        level switch
        {
            LogLevel.Critical => 2,
            LogLevel.Error => 3,
            LogLevel.Warning => 4,
            LogLevel.Information => 6,
            _ => 7,
        };

    /// <summary>Whether the stream that systemd connected is still the one that is written to.</summary>
    /// <param name="stream">The variable JOURNAL_STREAM: device and inode, <c>8:12345</c> (systemd.exec(5)); null
    /// outside systemd.</param>
    /// <param name="target">Where standard error leads: <c>socket:[12345]</c>; null where that is not known.</param>
    public static bool Takes(string? stream, string? target) =>
        stream?.Split(':') is [_, { Length: > 0 } inode] && target == $"socket:[{inode}]";

    private static string? StandardErrorTarget()
    {
        try
        {
            return OperatingSystem.IsLinux() ? new FileInfo("/proc/self/fd/2").LinkTarget : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
