using System.Globalization;
using System.Text;
using System.Text.Json;
using Vla.Actors.Robots;
using Vla.Actors.Training;

namespace Vla.Runtime.Servos.Arms;

/// <summary>
/// What is known of an arm's joints: read from, and written into, LeRobot's file or the servos themselves.
/// </summary>
/// <param name="Joints">In the order of <see cref="ArmKind.Joints"/>.</param>
internal sealed record ArmCalibration(IReadOnlyList<JointCalibration> Joints)
{
    /// <summary>The bit of a drive mode that means this.</summary>
    private const int Inverted = 1;

    private static readonly string[] Keys = ["id", "drive_mode", "homing_offset", "range_min", "range_max"];

    /// <summary>Reads LeRobot's file.</summary>
    /// <exception cref="RobotException">It cannot be read, or is wrong: the message names file, key and
    /// mend.</exception>
    public static ArmCalibration Load(string file, ArmKind kind)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return Read(document.RootElement, file, kind);
        }
        catch (JsonException exception)
        {
            var line = (exception.LineNumber ?? 0) + 1;
            throw Wrong(file, string.Create(CultureInfo.InvariantCulture, $"it is no JSON (line {line})"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RobotException(
                $"calibration {file} cannot be read: {exception.Message.ReplaceLineEndings(" ")}; ./vla "
                    + "calibrate writes one",
                exception
            );
        }
    }

    /// <summary>Reads what the servos have, calibrated or not.</summary>
    /// <exception cref="RobotException">They do not answer.</exception>
    public static ArmCalibration Read(ServoBus bus) =>
        new([
            .. ArmKind.Ids.Select(id => new JointCalibration(
                id,
                bus.Make.DriveMode is { } mode ? bus.Read(id, mode) & Inverted : 0,
                bus.Read(id, bus.Make.HomingOffset),
                bus.Read(id, bus.Make.MinimumPosition),
                bus.Read(id, bus.Make.MaximumPosition)
            )),
        ]);

    /// <summary>Reads what the servos have been told by whoever calibrated them.</summary>
    /// <exception cref="RobotException">They do not answer, or were never calibrated.</exception>
    public static ArmCalibration FromServos(ServoBus bus, ArmKind kind)
    {
        var calibration = Read(bus);
        var last = bus.Make.Resolution - 1;
        var whole = calibration.Joints.Where(joint => joint.RangeMin == 0 && joint.RangeMax == last);
        var unknown = whole.Where(joint => !kind.Turning.Contains(joint.Id - 1)).ToList();
        return unknown.Count == 0
            ? calibration
            : throw new RobotException(
                $"the arm at {bus.PortName} is not calibrated: {bus.Names.Of(unknown[0].Id)} may turn all "
                    + "round; ./vla calibrate does it"
            );
    }

    /// <summary>Writes LeRobot's file, with what was there before beside it.</summary>
    /// <returns>Where what was there before lies now; null when there was nothing.</returns>
    public string? Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        string? before = null;
        if (File.Exists(file))
        {
            var stamp = DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
            before = $"{file}.{stamp}.old";
            File.Copy(file, before, overwrite: true);
        }

        DurableFile.Write(file, ToJson());
        return before;
    }

    /// <summary>As LeRobot writes it.</summary>
    public string ToJson()
    {
        var text = new StringBuilder("{\n");
        foreach (var (i, joint) in Joints.Index())
        {
            int[] values = [joint.Id, joint.DriveMode, joint.HomingOffset, joint.RangeMin, joint.RangeMax];
            var lines = Keys.Zip(
                values,
                (key, value) => string.Create(CultureInfo.InvariantCulture, $"        \"{key}\": {value}")
            );
            text.Append(
                CultureInfo.InvariantCulture,
                $"    \"{ArmKind.Joints[i]}\": {{\n{string.Join(",\n", lines)}\n    }}"
            );
            text.Append(i < Joints.Count - 1 ? ",\n" : "\n");
        }

        return text.Append('}').ToString();
    }

    /// <summary>Writes it into the servos, for good.</summary>
    /// <exception cref="RobotException">A servo does not take it.</exception>
    public void WriteTo(ServoBus bus)
    {
        var make = bus.Make;
        foreach (var joint in Joints)
        {
            bus.Set(joint.Id, make.TorqueEnable, 0);
            if (make.Lock is not null)
                bus.Set(joint.Id, make.Lock, 0);
            if (make.DriveMode is { } mode)
                bus.Set(joint.Id, mode, (bus.Read(joint.Id, mode) & ~Inverted) | joint.DriveMode);
            bus.Set(joint.Id, make.HomingOffset, joint.HomingOffset);
            bus.Set(joint.Id, make.MinimumPosition, joint.RangeMin);
            bus.Set(joint.Id, make.MaximumPosition, joint.RangeMax);
            if (make.Lock is not null)
                bus.Set(joint.Id, make.Lock, 1);
        }
    }

    /// <summary>Where the servos have been told otherwise; null when they have not.</summary>
    /// <param name="servos">What they have been told.</param>
    /// <param name="make">Theirs.</param>
    public string? DifferenceFrom(ArmCalibration servos, ServoMake make)
    {
        foreach (var (i, (mine, theirs)) in Joints.Zip(servos.Joints).Index())
        {
            // Only some servos count the other way round by themselves.
            if (mine == (make.DriveMode is null ? theirs with { DriveMode = mine.DriveMode } : theirs))
                continue;
            if (mine == theirs with { DriveMode = mine.DriveMode })
            {
                return $"{ArmKind.Joints[i]} has drive mode {theirs.DriveMode} in its servo, {mine.DriveMode} in the "
                    + "file";
            }

            return $"{ArmKind.Joints[i]} has offset {theirs.HomingOffset} and range {theirs.RangeMin} to "
                + $"{theirs.RangeMax} in "
                + $"its servo, {mine.HomingOffset} and {mine.RangeMin} to {mine.RangeMax} in the file";
        }

        return null;
    }

    private static ArmCalibration Read(JsonElement root, string file, ArmKind kind)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw Wrong(file, "it is no object of joints");
        var joints = new List<JointCalibration>();
        foreach (var (i, name) in ArmKind.Joints.Index())
        {
            if (!root.TryGetProperty(name, out var joint) || joint.ValueKind != JsonValueKind.Object)
                throw Wrong(file, $"it has no joint '{name}'");
            var values = Keys.Select(key => Number(joint, key, $"{name}.{key}", file)).ToArray();
            joints.Add(new JointCalibration(values[0], values[1], values[2], values[3], values[4]));
            Check(joints[^1], i, name, file, kind.Make);
        }

        return new ArmCalibration(joints);
    }

    private static void Check(JointCalibration joint, int place, string name, string file, ServoMake make)
    {
        if (joint.Id != ArmKind.Ids[place])
            throw Wrong(file, $"{name}.id is {joint.Id}; allowed is {ArmKind.Ids[place]}");
        if (joint.DriveMode is not (0 or 1))
            throw Wrong(file, $"{name}.drive_mode is {joint.DriveMode}; allowed is 0 or 1");
        var most = make.LargestOffset;
        if (joint.HomingOffset < -most || joint.HomingOffset > most)
            throw Wrong(file, $"{name}.homing_offset is {joint.HomingOffset}; allowed is {-most} to {most}");
        if (joint.RangeMin < 0 || joint.RangeMax >= make.Resolution || joint.RangeMin >= joint.RangeMax)
        {
            throw Wrong(
                file,
                $"{name} has range_min {joint.RangeMin} and range_max {joint.RangeMax}; allowed is 0 to "
                    + $"{make.Resolution - 1}, the first the lower one"
            );
        }
    }

    private static int Number(JsonElement joint, string key, string name, string file) =>
        joint.TryGetProperty(key, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out var number)
            ? number
            : throw Wrong(
                file,
                $"{name} is "
                    + $"{(value.ValueKind == JsonValueKind.Undefined ? "missing" : value.GetRawText())}; it "
                    + "must be a whole number"
            );

    private static RobotException Wrong(string file, string why) =>
        new($"calibration {file} cannot be used: {why}; ./vla calibrate writes a new one");
}
