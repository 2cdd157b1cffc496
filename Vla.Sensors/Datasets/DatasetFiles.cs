namespace Vla.Sensors.Datasets;

/// <summary>
/// Replaces files so that whoever reads, and whoever finds them after a crash, sees the old or the new one whole.
/// </summary>
internal static class DatasetFiles
{
    /// <summary>Where unfinished files are while a dataset is being recorded; gone when it is closed.</summary>
    public const string Unfinished = ".recording";

    /// <summary>A file's name within its dataset, as LeRobot writes it: <c>meta/info.json</c>.</summary>
    public static string NameOf(string directory, string path) =>
        Path.GetRelativePath(directory, path).Replace('\\', '/');

    /// <param name="path">The file.</param>
    /// <param name="write">Is given a path beside it to write to.</param>
    public static void Replace(string path, Action<string> write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + ".new";
        File.Delete(temporary);
        write(temporary);
        File.Move(temporary, path, overwrite: true);
    }
}
