using System.Collections;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Libraries;
using Vla.Runtime.Outputs;
using Vla.Runtime.Policies;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Doctor;

/// <summary>Can the settings and what they name be read, and can the outputs be written?</summary>
internal static class FileCheck
{
    /// <summary>Checks the settings file and every file and folder it names.</summary>
    public static IEnumerable<Finding> Look(string settingsFile)
    {
        try
        {
            return Look(
                settingsFile,
                SettingsLoader.Load(settingsFile, EnvironmentVariables(), new Dictionary<string, string?>())
            );
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
        IReadOnlyList<NamedCamera>? cameras = null;
        var written = ReadCameras();
        if (cameras is null)
        {
            yield return written;
        }
        else
        {
            var camera = NamedCamera.Deciding(cameras);
            yield return Robot(AutoChoice.Robot(settings, camera), folder);
            foreach (var library in settings.Libraries)
                yield return Loads<UsageException>(
                    "libraries",
                    Path.GetFullPath(library, folder),
                    PolicyLibrary.Register,
                    "correct libraries in the settings"
                );
            yield return Policy(AutoChoice.Policy(settings, camera), folder, cameras);
        }

        foreach (var output in settings.Outputs)
            yield return Output(output);

        Finding ReadCameras()
        {
            try
            {
                cameras = NamedCamera.ReadAll(settings.Camera);
                return Finding.Ok("camera", string.Join(", ", cameras.Select(one => $"{one.Name}={one.Source.Name}")));
            }
            catch (Exception e) when (e is CameraException or UsageException)
            {
                return Finding.Fail(
                    "camera",
                    e.Message,
                    "give another with --camera, or correct camera in the settings"
                );
            }
        }
    }

    /// <typeparam name="TRefusal">The exception whose message is meant for the user.</typeparam>
    private static Finding Loads<TRefusal>(string key, string path, Action<string> load, string mend)
        where TRefusal : Exception
    {
        try
        {
            load(path);
            return Finding.Ok(key, path);
        }
        // The weights are a part of the policy.
        catch (Exception e) when (e is TRefusal or CheckpointException or UsageException)
        {
            return Finding.Fail(key, e.Message, mend);
        }
    }

    private static Finding Policy(string text, string folder, IReadOnlyList<NamedCamera> cameras)
    {
        const string mend = "give another with --policy, or correct policy in the settings";
        try
        {
            var spec = PolicyRegistry.Parse(text, folder);
            // A library's is made only by a run: its constructor may ask another machine.
            if (spec.LibraryFile is not null || spec.NeedsWorld)
                return Library("policy", spec.LibraryFile) ?? Finding.Ok("policy", $"{spec}");
            return Loads<PolicyException>(
                "policy",
                $"{spec}",
                _ => PictureFit.Require(spec.Load(PolicyContext.WithoutWorld), cameras),
                mend
            );
        }
        catch (Exception e) when (e is UsageException or PolicyException)
        {
            return Finding.Fail("policy", e.Message, mend);
        }
    }

    private static Finding Robot(string text, string folder)
    {
        try
        {
            var spec = RobotRegistry.Parse(text, folder);
            if (spec.Profile is { } profile)
                RobotProfile.Load(profile);
            return Library("robot", spec.LibraryFile) ?? Finding.Ok("robot", spec.ToString());
        }
        catch (Exception e) when (e is RobotProfileException or UsageException)
        {
            return Finding.Fail("robot", e.Message, "give another with --robot, or correct robot in the settings");
        }
    }

    /// <summary>What is wrong with the file of a library; null for nothing.</summary>
    private static Finding? Library(string key, string? file) =>
        file is null || File.Exists(file)
            ? null
            : Finding.Fail(key, $"{key} library '{file}' is not there", $"build it, or correct {key} in the settings");

    private static Finding Output(string output)
    {
        try
        {
            return OutputRegistry.Parse(output).WrittenFile is { } file
                ? Writable("output", Path.GetDirectoryName(Path.GetFullPath(file))!)
                : Finding.Ok("output", output);
        }
        catch (UsageException e)
        {
            return Finding.Fail("output", e.Message, "correct outputs in the settings");
        }
    }

    /// <summary>May this user write files into a folder? Tried with one that is deleted at once.</summary>
    public static Finding Writable(string subject, string folder)
    {
        try
        {
            var probe = Path.Combine(folder, $".vla-{Guid.NewGuid():N}");
            using var handle = File.OpenHandle(
                probe,
                FileMode.CreateNew,
                FileAccess.Write,
                options: FileOptions.DeleteOnClose
            );
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
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value);
}
