using System.Text.Json;
using Vla.Actors.Robots;
using Vla.Actors.Training;

namespace Vla.Runtime.Servos.Arms;

/// <summary>What Vla remembers of an arm beside LeRobot's calibration: its port, and where it can lie.</summary>
/// <param name="Robot">Which kind.</param>
/// <param name="Port">The serial port's name, one that stays where there is one.</param>
/// <param name="Rest">Where it was found without torque, steps; null when it never was.</param>
internal sealed record KnownArm(string Robot, string Port, int[]? Rest = null);

/// <summary>The arms that were calibrated here, each a file of its own.</summary>
internal sealed class KnownArms(string folder)
{
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        IndentSize = 4,
    };

    /// <summary>The user's: <c>~/.config/vla/arms</c>.</summary>
    public static KnownArms OfUser(Func<string, string?> environment)
    {
        var config = environment("XDG_CONFIG_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
        return new KnownArms(Path.Combine(config, "vla", "arms"));
    }

    public IReadOnlyList<string> Names(ArmKind kind) =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder, $"*.{kind}.json")
                    .Select(file => Path.GetFileName(file)[..^$".{kind}.json".Length])
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>What is known of an arm; null when nothing is.</summary>
    /// <exception cref="RobotException">Its file is damaged.</exception>
    public KnownArm? Find(ArmKind kind, string name)
    {
        var file = FileOf(kind, name);
        try
        {
            if (!File.Exists(file))
                return null;
            var arm = JsonSerializer.Deserialize<KnownArm>(File.ReadAllText(file), Form);
            if (arm is { Port.Length: > 0 } && (arm.Rest is null || arm.Rest.Length == ArmKind.Ids.Length))
                return arm;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            // Said below.
        }

        throw new RobotException($"{file} is damaged: delete it; the arm is known again after ./vla calibrate");
    }

    /// <summary>Remembers an arm. A folder that cannot be written loses the memory and nothing else.</summary>
    /// <returns>Whether it is written.</returns>
    public bool Keep(ArmKind kind, string name, KnownArm arm)
    {
        try
        {
            Directory.CreateDirectory(folder);
            DurableFile.Write(FileOf(kind, name), JsonSerializer.Serialize(arm, Form) + "\n");
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string FileOf(ArmKind kind, string name) => Path.Combine(folder, $"{name}.{kind}.json");
}
