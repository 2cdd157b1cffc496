using System.Collections;
using Vla.Actors.Policies;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Doctor;

/// <summary>Can the settings and what they name be read, and can the outputs be written?</summary>
public static class FileCheck
{
    /// <summary>Checks the settings file and every file and folder it names.</summary>
    public static IEnumerable<Finding> Look(string settingsFile)
    {
        try
        {
            return Look(settingsFile, SettingsLoader.Load(settingsFile, EnvironmentVariables(), new Dictionary<string, string?>()));
        }
        catch (UsageException e)
        {
            return [Finding.Fail("settings", e.Message, "correct it there; config/vla.json explains every key")];
        }
    }

    /// <param name="settingsFile">Relative paths in it count from its folder.</param>
    /// <param name="settings">What was read from it.</param>
    public static IEnumerable<Finding> Look(string settingsFile, VlaSettings settings)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(settingsFile))!;
        yield return Finding.Ok("settings", settingsFile);
        yield return Readable("robot", Path.Combine(folder, settings.Robot));

        yield return PolicyAt(Path.Combine(folder, settings.Policy));
        foreach (var output in settings.Outputs) yield return Output(output);
    }

    private static Finding PolicyAt(string folder)
    {
        try
        {
            _ = Policy.Load(folder);
            return Finding.Ok("policy", folder);
        }
        catch (PolicyException e)
        {
            return Finding.Fail("policy", e.Message, "give another with --policy, or correct policy in the settings");
        }
    }

    private static Finding Output(string output)
    {
        try
        {
            return OutputSpec.Parse(output) is OutputSpec.JsonLines lines
                ? Writable("output", Path.GetDirectoryName(Path.GetFullPath(lines.File))!)
                : Finding.Ok("output", output);
        }
        catch (UsageException e)
        {
            return Finding.Fail("output", e.Message, "correct outputs in the settings");
        }
    }

    /// <summary>Is there a file, and may this user read it?</summary>
    public static Finding Readable(string subject, string path)
    {
        try
        {
            using var handle = File.OpenHandle(path);
            return Finding.Ok(subject, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Finding.Fail(subject, $"{path} is not there", $"correct {subject} in the settings");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return Finding.Fail(subject, $"{path} cannot be read: {e.Message}", $"sudo chmod a+r {path}");
        }
    }

    /// <summary>May this user write files into a folder? Tried with one that is deleted at once.</summary>
    public static Finding Writable(string subject, string folder)
    {
        try
        {
            var probe = Path.Combine(folder, $".vla-{Guid.NewGuid():N}");
            using var handle = File.OpenHandle(probe, FileMode.CreateNew, FileAccess.Write, options: FileOptions.DeleteOnClose);
            return Finding.Ok(subject, $"{folder} can be written");
        }
        catch (DirectoryNotFoundException)
        {
            return Finding.Fail(subject, $"folder {folder} is not there", $"mkdir -p {folder}");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return Finding.Fail(subject, $"{folder} cannot be written: {e.Message}", $"sudo chown $USER {folder}");
        }
    }

    private static Dictionary<string, string?> EnvironmentVariables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value);
}
