namespace Vla.Runtime.Servos.Arms;

/// <summary>Where LeRobot keeps arms' calibrations, in the folder names of all its versions.</summary>
internal static class CalibrationFiles
{
    /// <summary>LeRobot's folder, by the same environment variables as LeRobot's.</summary>
    public static string Folder(Func<string, string?> environment)
    {
        if (environment("HF_LEROBOT_CALIBRATION") is { Length: > 0 } folder)
            return folder;
        if (environment("HF_LEROBOT_HOME") is { Length: > 0 } lerobot)
            return Path.Combine(lerobot, "calibration");
        var home = environment("HF_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(CacheFolder(environment), "huggingface");
        return Path.Combine(home, "lerobot", "calibration");
    }

    /// <summary>The file of a name; null when there is none.</summary>
    public static string? Find(string folder, ArmKind kind, string name) =>
        kind.CalibrationFolders.Select(inside => FileIn(folder, inside, name)).FirstOrDefault(File.Exists);

    /// <summary>Where a new one goes: LeRobot finds it there.</summary>
    public static string New(string folder, ArmKind kind, string name) =>
        FileIn(folder, kind.CalibrationFolders[0], name);

    /// <summary>All names that have one.</summary>
    public static IReadOnlyList<string> Names(string folder, ArmKind kind) =>
        [
            .. kind
                .CalibrationFolders.Select(inside => Path.Combine(folder, inside))
                .Where(Directory.Exists)
                .SelectMany(inside => Directory.EnumerateFiles(inside, "*.json"))
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Whether a name can be a file's.</summary>
    /// <exception cref="UsageException">It cannot.</exception>
    public static void RequireName(string name)
    {
        if (
            name.Length is 0 or > 100
            || name[0] == '.'
            || name.Any(c => !(char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        )
            throw new UsageException(
                $"'{name}' is no name for an arm: use letters, digits, _, - and ., such as my_arm"
            );
    }

    private static string FileIn(string folder, string inside, string name) =>
        Path.Combine(folder, inside, name + ".json");

    private static string CacheFolder(Func<string, string?> environment) =>
        environment("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
}
