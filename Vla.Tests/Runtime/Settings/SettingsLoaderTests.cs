using Vla.Actors.Control;
using Vla.Runtime;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Settings;

public sealed class SettingsLoaderTests : IDisposable
{
    private static readonly Dictionary<string, string?> Nothing = [];

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void The_file_that_ships_holds_exactly_the_defaults()
    {
        var shipped = SettingsLoader.Load(Repository.File("config/vla.json"), Nothing, Nothing);
        var defaults = Load("{}");

        Assert.Equal(["console"], shipped.Outputs);
        shipped.Outputs = defaults.Outputs;
        Assert.Equal(NamedCamera.ReadAll(defaults.Camera), NamedCamera.ReadAll(shipped.Camera));
        shipped.Camera = defaults.Camera;
        Assert.Equivalent(defaults, shipped, strict: true);
    }

    [Fact]
    public void Flags_win_over_the_environment_and_the_environment_over_the_file()
    {
        var settings = SettingsLoader.Load(
            Write("""{ "camera": "file.mp4", "device": "cpu", "control": { "rateHz": 10 } }"""),
            new Dictionary<string, string?>
            {
                ["VLA_DEVICE"] = "cuda",
                ["VLA_CONTROL__RATEHZ"] = "20",
                ["VLA_HOME"] = "/anywhere",
            },
            new Dictionary<string, string?> { ["control:rateHz"] = "30" }
        );

        Assert.Equal(["file.mp4"], settings.Camera);
        Assert.Equal(("cuda", 30), (settings.Device, settings.Control.RateHz));
    }

    [Fact]
    public void Outputs_given_later_replace_earlier_ones_whole()
    {
        var settings = SettingsLoader.Load(
            Write("""{ "outputs": ["console", "jsonl:a", "jsonl:b"] }"""),
            Nothing,
            new Dictionary<string, string?> { ["outputs:0"] = "udp://127.0.0.1:9" }
        );

        Assert.Equal(["udp://127.0.0.1:9"], settings.Outputs);
    }

    [Theory]
    [InlineData(""" "0" """, "0")]
    [InlineData(""" "wrist=0" """, "wrist=0")]
    [InlineData(""" { "wrist": "2", "front": "0?size=640x480" } """, "front=0?size=640x480", "wrist=2")]
    [InlineData(""" ["0", "wrist=2"] """, "0", "wrist=2")]
    public void Cameras_are_a_text_a_map_by_name_or_a_list(string json, params string[] expected) =>
        Assert.Equal(expected, Load($"{{ \"camera\": {json} }}").Camera);

    [Fact]
    public void Cameras_given_later_replace_earlier_ones_whole()
    {
        var file = Write("""{ "camera": { "front": "0", "wrist": "2" } }""");

        var byEnvironment = SettingsLoader.Load(
            file,
            new Dictionary<string, string?> { ["VLA_CAMERA"] = "synthetic" },
            Nothing
        );
        var byName = SettingsLoader.Load(file, new Dictionary<string, string?> { ["VLA_CAMERA__top"] = "3" }, Nothing);
        var byFlag = SettingsLoader.Load(file, Nothing, new Dictionary<string, string?> { ["camera:0"] = "top=world" });

        Assert.Equal(["synthetic"], byEnvironment.Camera);
        Assert.Equal(["top=3"], byName.Camera);
        Assert.Equal(["top=world"], byFlag.Camera);
    }

    [Fact]
    public void Comments_and_trailing_commas_are_fine()
    {
        Assert.Equal(
            ResumeAfterStop.Manual,
            Load(
                """
                {
                  // by hand
                  "control": { "resumeAfterStop": "manual", },
                }
                """
            ).Control.ResumeAfterStop
        );
    }

    [Theory]
    [InlineData("""{ "camra": "0" }""", "unknown setting 'camra'")]
    [InlineData("""{ "control": { "rate": 5 } }""", "unknown setting 'control:rate'")]
    [InlineData("""{ "control": { "rateHz": 5000 } }""", "'control:rateHz' is '5000'", "from 1 to 1000")]
    [InlineData("""{ "control": { "rateHz": "NaN" } }""", "'control:rateHz' is 'NaN'", "from 1 to 1000")]
    [InlineData("""{ "control": { "rateHz": 1000.4 } }""", "'control:rateHz' is '1000.4'")]
    [InlineData("""{ "control": { "rateHz": "fast" } }""", "'control:rateHz' is 'fast'")]
    [InlineData(
        """{ "control": { "maximumActionAgeMs": 0 } }""",
        "'control:maximumActionAgeMs' is '0'",
        "from 1 to 60000"
    )]
    [InlineData("""{ "control": { "maximumActionAgeMs": 1.5 } }""", "'control:maximumActionAgeMs' is '1.5'")]
    [InlineData(
        """{ "control": { "resumeAfterStop": "never" } }""",
        "'control:resumeAfterStop' is 'never'",
        "automatic, manual"
    )]
    [InlineData("""{ "control": { "resumeAfterStop": 1 } }""", "'control:resumeAfterStop' is '1'", "automatic, manual")]
    [InlineData("""{ "control": 5 }""", "'control' is '5'", "a group of settings")]
    [InlineData(
        """{ "camera": { "front": { "size": 3 } } }""",
        "'camera:front' is '{ … }'",
        "a map of cameras by name"
    )]
    [InlineData("""{ "camera": { "front": "" } }""", "'camera:front' is ''")]
    [InlineData("""{ "camera": { "front": "0", "Front": "1" } }""", "cannot be read", "camera:Front")]
    [InlineData("""{ "camera": [] }""", "'camera' is ''")]
    [InlineData("""{ "camera": {} }""", "'camera' is ''")]
    [InlineData("""{ "control": { "maximumSkewMs": -1 } }""", "'control:maximumSkewMs' is '-1'", "from 0 to 60000")]
    [InlineData("""{ "camera": "" }""", "'camera' is ''")]
    [InlineData("""{ "outputs": "console" }""", "'outputs' is 'console'", "a list")]
    [InlineData("""{ "device": "gpu" }""", "'device' is 'gpu'", "auto, cpu, cuda or cuda:N")]
    [InlineData("""{ "camera": """, "cannot be read")]
    [InlineData("""[1]""", "cannot be read")]
    public void What_is_wrong_is_named_with_its_place_and_the_mend(string json, params string[] parts)
    {
        var message = Assert.Throws<UsageException>(() => Load(json)).Message;

        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.Contains(_file, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void An_unknown_environment_variable_is_named()
    {
        var message = Assert
            .Throws<UsageException>(() =>
                SettingsLoader.Load(Write("{}"), new Dictionary<string, string?> { ["VLA_RATE"] = "5" }, Nothing)
            )
            .Message;

        Assert.Contains("unknown setting 'RATE' (environment)", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var message = Assert
            .Throws<UsageException>(() => SettingsLoader.Load("/nowhere/vla.json", Nothing, Nothing))
            .Message;

        Assert.Contains("/nowhere/vla.json", message, StringComparison.Ordinal);
    }

    private VlaSettings Load(string json) => SettingsLoader.Load(Write(json), Nothing, Nothing);

    private string Write(string json)
    {
        File.WriteAllText(_file, json);
        return _file;
    }
}
