using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Feetech;

namespace Vla.Tests.Runtime.Servos;

/// <summary>LeRobot's calibrations: its file to the byte, its numbers, its folders.</summary>
public sealed class ArmCalibrationTests : IDisposable
{
    /// <summary>As LeRobot writes it.</summary>
    private const string LeRobots = """
        {
            "shoulder_pan": {
                "id": 1,
                "drive_mode": 0,
                "homing_offset": -1470,
                "range_min": 758,
                "range_max": 3292
            },
            "shoulder_lift": {
                "id": 2,
                "drive_mode": 0,
                "homing_offset": 12,
                "range_min": 800,
                "range_max": 3200
            },
            "elbow_flex": {
                "id": 3,
                "drive_mode": 1,
                "homing_offset": 0,
                "range_min": 900,
                "range_max": 3100
            },
            "wrist_flex": {
                "id": 4,
                "drive_mode": 0,
                "homing_offset": 5,
                "range_min": 850,
                "range_max": 3210
            },
            "wrist_roll": {
                "id": 5,
                "drive_mode": 0,
                "homing_offset": 77,
                "range_min": 0,
                "range_max": 4095
            },
            "gripper": {
                "id": 6,
                "drive_mode": 0,
                "homing_offset": 1001,
                "range_min": 2000,
                "range_max": 3500
            }
        }
        """;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LeRobots_file_is_read_and_written_to_the_byte()
    {
        var file = Written(LeRobots);

        var calibration = ArmCalibration.Load(file, ArmKind.So101);

        Assert.Equal(new JointCalibration(1, 0, -1470, 758, 3292), calibration.Joints[0]);
        Assert.Equal(LeRobots, calibration.ToJson());
    }

    [Fact]
    public void What_was_there_before_is_kept_beside_it()
    {
        var file = Written("the old one");

        var before = ArmCalibration.Load(Written(LeRobots, "other.json"), ArmKind.So101).Save(file);

        Assert.Equal("the old one", File.ReadAllText(before!));
        Assert.Equal(LeRobots, File.ReadAllText(file));
        Assert.Null(ArmCalibration.Load(file, ArmKind.So101).Save(_folder.File("new/folder/arm.json")));
    }

    [Theory]
    [InlineData("\"id\": 3", "\"id\": 4", "elbow_flex.id is 4; allowed is 3")]
    [InlineData(
        "\"homing_offset\": -1470",
        "\"homing_offset\": -2048",
        "shoulder_pan.homing_offset is -2048; allowed is -2047 to 2047"
    )]
    [InlineData(
        "\"range_min\": 758",
        "\"range_min\": 3292",
        "shoulder_pan has range_min 3292 and range_max 3292; allowed is 0 to 4095, the first the lower one"
    )]
    [InlineData(
        "\"range_max\": 4095",
        "\"range_max\": 4096",
        "wrist_roll has range_min 0 and range_max 4096; allowed is 0 to 4095, the first the lower one"
    )]
    [InlineData("\"drive_mode\": 1", "\"drive_mode\": 2", "elbow_flex.drive_mode is 2; allowed is 0 or 1")]
    [InlineData("\"range_min\": 758,", "", "shoulder_pan.range_min is missing; it must be a whole number")]
    [InlineData(
        "\"range_min\": 758",
        "\"range_min\": 75.8",
        "shoulder_pan.range_min is 75.8; it must be a whole number"
    )]
    [InlineData(
        "\"range_min\": 758",
        "\"range_min\": \"758\"",
        "shoulder_pan.range_min is \"758\"; it must be a whole number"
    )]
    [InlineData("\"gripper\"", "\"jaw\"", "it has no joint 'gripper'")]
    [InlineData("\"gripper\"", "gripper", "it is no JSON (line 37)")]
    public void A_damaged_file_is_told_with_what_is_wrong_in_it(string what, string instead, string why)
    {
        var file = Written(LeRobots.Replace(what, instead, StringComparison.Ordinal));

        var error = Assert.Throws<RobotException>(() => ArmCalibration.Load(file, ArmKind.So101));

        Assert.Equal($"calibration {file} cannot be used: {why}; ./vla calibrate writes a new one", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("{\"shoulder_pan\": 7}")]
    [InlineData("\0\0\0")]
    public void What_is_no_calibration_at_all_is_an_error_in_one_line(string text)
    {
        var error = Assert.Throws<RobotException>(() => ArmCalibration.Load(Written(text), ArmKind.So101));

        Assert.Contains(" cannot be used: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void The_numbers_are_LeRobots()
    {
        var calibration = ArmCalibration.Load(Written(LeRobots), ArmKind.So101);
        var range = new ArmScale(calibration, ScaleKind.Range, Sts3215.Make);
        var degrees = new ArmScale(calibration, ScaleKind.Degrees, Sts3215.Make);

        // By hand after LeRobot's formulas: (r - min) / (max - min) · 200 - 100, and so on.
        Assert.Equal(-100, range[0].ToValue(758));
        Assert.Equal(100, range[0].ToValue(3_292));
        Assert.Equal(0.0789, range[0].ToValue(2_026), 4);
        Assert.Equal(-100, range[0].ToValue(100));
        // Counted the other way round.
        Assert.Equal(-100, range[2].ToValue(3_100));
        Assert.Equal(100, range[2].ToValue(900));
        Assert.Equal(50, range[5].ToValue(2_750));
        Assert.Equal(0, degrees[0].ToValue(2_025));
        Assert.Equal(87.9121, degrees[0].ToValue(3_025), 4);
        Assert.Equal(50, degrees[5].ToValue(2_750));

        Assert.Equal(2_025, range[0].ToPosition(0));
        Assert.Equal(2_026, range[0].ToPosition(0.1));
        Assert.Equal(900, range[2].ToPosition(100));
        Assert.Equal(2_750, range[5].ToPosition(50));
        Assert.Equal(2_137, degrees[0].ToPosition(9.9));
        // Never beyond the range, in degrees neither.
        Assert.Equal(3_292, degrees[0].ToPosition(180));
        Assert.Equal(758, range[0].ToPosition(-150));
    }

    [Fact]
    public void A_position_goes_there_and_back_to_a_step()
    {
        var calibration = ArmCalibration.Load(Written(LeRobots), ArmKind.So101);
        foreach (var kind in Enum.GetValues<ScaleKind>())
        {
            var scale = new ArmScale(calibration, kind, Sts3215.Make);
            foreach (var (place, joint) in calibration.Joints.Index())
            {
                for (var position = joint.RangeMin; position <= joint.RangeMax; position += 7)
                    Assert.InRange(scale[place].ToPosition(scale[place].ToValue(position)) - position, -1, 1);
            }
        }
    }

    [Fact]
    public void The_arms_limits_are_those_of_its_calibration()
    {
        var calibration = ArmCalibration.Load(Written(LeRobots), ArmKind.So101);

        var range = new ArmScale(calibration, ScaleKind.Range, Sts3215.Make).Profile("arm");
        var degrees = new ArmScale(calibration, ScaleKind.Degrees, Sts3215.Make).Profile("arm");

        Assert.Null(range.Problem());
        Assert.Null(degrees.Problem());
        Assert.Equal(("shoulder_pan.pos", "1", -100, 100), Limits(range, 0));
        Assert.Equal(("gripper.pos", "1", 0, 100), Limits(range, 5));
        Assert.Equal(111.385, degrees.Dimensions[0].Maximum, 0.001);
        Assert.Equal(-degrees.Dimensions[0].Maximum, degrees.Dimensions[0].Minimum);

        static (string, string, float, float) Limits(RobotProfile profile, int place) =>
            profile.Dimensions[place] is var joint ? (joint.Name, joint.Unit, joint.Minimum, joint.Maximum) : default;
    }

    [Theory]
    [InlineData("HF_LEROBOT_CALIBRATION=/a", "/a")]
    [InlineData("HF_LEROBOT_HOME=/b", "/b/calibration")]
    [InlineData("HF_HOME=/c", "/c/lerobot/calibration")]
    [InlineData("XDG_CACHE_HOME=/d", "/d/huggingface/lerobot/calibration")]
    public void The_folder_is_LeRobots(string variable, string folder)
    {
        var parts = variable.Split('=');

        Assert.Equal(folder, CalibrationFiles.Folder(name => name == parts[0] ? parts[1] : null));
    }

    [Theory]
    [InlineData("robots/so_follower")]
    [InlineData("robots/so101_follower")]
    [InlineData("robots/so100_follower")]
    public void The_folders_of_all_LeRobots_versions_are_looked_in(string inside)
    {
        var kind = ArmKind.All[0];
        Assert.Null(CalibrationFiles.Find(_folder.Path, kind, "mine"));

        var file = Written(LeRobots, $"{inside}/mine.json");

        Assert.Equal(file, CalibrationFiles.Find(_folder.Path, kind, "mine"));
        Assert.Equal(["mine"], CalibrationFiles.Names(_folder.Path, kind));
        Assert.Equal(_folder.File("robots/so_follower/mine.json"), CalibrationFiles.New(_folder.Path, kind, "mine"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../arm")]
    [InlineData(".arm")]
    [InlineData("my arm")]
    [InlineData("arm\n")]
    public void What_can_be_no_files_name_is_no_arms_name(string name) =>
        Assert.Throws<UsageException>(() => CalibrationFiles.RequireName(name));

    private string Written(string text, string name = "arm.json")
    {
        var file = _folder.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
