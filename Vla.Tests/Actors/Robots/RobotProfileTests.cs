using Vla.Actors.Policies;
using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Robots;

public sealed class RobotProfileTests : IDisposable
{
    private const string X =
        """{ "name": "x", "unit": "m", "minimum": -1, "maximum": 1, "maximumRate": 2, "maximumAcceleration": 3,"""
        + """ "hold": "zero" }""";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_shipped_profile_loads_and_fits_the_notebooks_actions()
    {
        var profile = RobotProfile.Load(Repository.File("config/robots/notebook.json"));

        Assert.True(profile.LimitsEnabled);
        profile.RequireFits(
            Spec(["x", "y", "z", "roll", "pitch", "yaw", "gripper"], ["m", "m", "m", "rad", "rad", "rad", "1"])
        );
        Assert.Equal(HoldBehaviour.Keep, profile.Dimensions[6].Hold);
    }

    [Fact]
    public void The_time_of_a_step_may_be_given_for_policies_that_do_not_say_it()
    {
        Assert.Equal(
            33.3,
            RobotProfile.Load(Write($$"""{ "name": "test", "stepMs": 33.3, "dimensions": [ {{X}} ] }""")).StepMs!.Value,
            3
        );
        Assert.Null(RobotProfile.Load(Write($$"""{ "name": "test", "dimensions": [ {{X}} ] }""")).StepMs);
        Assert.Contains(
            "stepMs is 0; allowed is a number above 0",
            Assert
                .Throws<RobotProfileException>(() =>
                    RobotProfile.Load(Write($$"""{ "name": "test", "stepMs": 0, "dimensions": [ {{X}} ] }"""))
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("", true, float.PositiveInfinity, 0.2f)] // A tenth of the range.
    [InlineData(", \"reach\": 0.5", true, 0.5f, 0.5f)]
    [InlineData(", \"reach\": 0", true, 0, 0)]
    [InlineData("", false, float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(", \"reach\": 0.5", false, 0.5f, 0.5f)]
    public void The_reach_of_a_position_is_the_files_or_without_state_a_tenth_of_the_range(
        string key,
        bool limits,
        float reach,
        float withoutState
    )
    {
        var position = X.Replace("\"hold\": \"zero\"", $"\"hold\": \"keep\", \"start\": 0{key}");
        var file = Write(
            $$"""{ "name": "test", "limits": {{(limits ? "true" : "false")}}, "dimensions": [ {{position}} ] }"""
        );

        var dimension = RobotProfile.Load(file).Dimensions[0];

        Assert.Equal((reach, withoutState), (dimension.Reach, dimension.ReachWithoutState));
    }

    [Theory]
    [InlineData(
        "\"maximum\": 1",
        "\"maximum\": -2",
        "dimensions[0].maximum is -2; allowed is at least the minimum, -1"
    )]
    [InlineData("\"maximum\": 1", "\"maximum\": 1e99", "dimensions[0].maximum is 1e99; allowed is a number")]
    [InlineData("\"maximum\": 1", "\"maximum\": NaN", "is not valid JSON")]
    [InlineData("\"maximum\": 1", "\"maximum\": \"NaN\"", "dimensions[0].maximum is \"NaN\"; allowed is a number")]
    [InlineData("\"maximum\": 1,", "", "dimensions[0].maximum is missing")]
    [InlineData("\"maximumRate\": 2,", "", "dimensions[0].maximumRate is missing; allowed is a number above 0")]
    [InlineData(
        "\"maximumRate\": 2",
        "\"maximumRate\": -2",
        "dimensions[0].maximumRate is -2; allowed is a number above 0"
    )]
    [InlineData(
        "\"maximumAcceleration\": 3",
        "\"maximumAcceleration\": 0",
        "dimensions[0].maximumAcceleration is 0; allowed is a number above 0"
    )]
    [InlineData(
        "\"maximumRate\": 2",
        "\"maximumrate\": 2",
        "dimensions[0].maximumrate is not a known key; allowed are name, unit, minimum, maximum, maximumRate"
    )]
    [InlineData(
        "\"hold\": \"zero\"",
        "\"hold\": \"stay\"",
        "dimensions[0].hold is \"stay\"; allowed is \"zero\" or \"keep\""
    )]
    [InlineData(
        "\"hold\": \"zero\"",
        "\"hold\": \"keep\"",
        "dimensions[0].start is missing; allowed is a number from -1 to 1"
    )]
    [InlineData(
        "\"hold\": \"zero\"",
        "\"hold\": \"keep\", \"start\": 7",
        "dimensions[0].start is 7; allowed is a number from -1 to 1"
    )]
    [InlineData(
        "\"hold\": \"zero\"",
        "\"hold\": \"zero\", \"start\": 0",
        "dimensions[0].start is 0; allowed is nothing"
    )]
    [InlineData(
        "\"hold\": \"zero\"",
        "\"hold\": \"zero\", \"reach\": 1",
        "dimensions[0].reach is 1; allowed is nothing"
    )]
    [InlineData(
        "\"hold\": \"zero\"",
        "\"hold\": \"keep\", \"start\": 0, \"reach\": -1",
        "dimensions[0].reach is -1; allowed is a number, 0 or more"
    )]
    [InlineData(
        "\"minimum\": -1",
        "\"minimum\": 0.5",
        "dimensions[0].hold is \"zero\"; allowed is \"keep\", because 0 is outside 0.5 to 1"
    )]
    [InlineData("\"name\": \"x\"", "\"name\": \"\"", "dimensions[0].name is \"\"; allowed is a text that is not empty")]
    [InlineData("\"unit\": \"m\"", "\"unit\": \"m\", \"unit\": \"m\"", "is not valid JSON")]
    public void A_wrong_dimension_is_told_with_file_key_value_and_what_is_allowed(
        string good,
        string bad,
        string message
    )
    {
        var file = Write($$"""{ "name": "test", "dimensions": [ {{X.Replace(good, bad)}} ] }""");

        var error = Assert.Throws<RobotProfileException>(() => RobotProfile.Load(file));

        Assert.Contains(message, error.Message);
        Assert.Contains(file, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(
        """{ "name": "test", "dimensions": [] }""",
        "dimensions is []; allowed is a list of 1 to 64 dimensions"
    )]
    [InlineData("""{ "name": "test" }""", "dimensions is missing")]
    [InlineData(
        """{ "name": "test", "speed": 1, "dimensions": [X] }""",
        "speed is not a known key; allowed are name, limits, stepMs, dimensions"
    )]
    [InlineData(
        """{ "name": "test", "limits": "no", "dimensions": [X] }""",
        "limits is \"no\"; allowed is true or false"
    )]
    [InlineData(
        """{ "name": "test", "dimensions": [X, X] }""",
        "dimensions[1].name is \"x\"; allowed is a name that no other dimension has"
    )]
    [InlineData("""[1]""", "the file must be an object")]
    [InlineData("""{ "name": "test", "dimensions": [5] }""", "dimensions[0] must be an object")]
    [InlineData("", "is not valid JSON")]
    public void A_wrong_file_is_told_in_one_line(string json, string message)
    {
        var error = Assert.Throws<RobotProfileException>(() => RobotProfile.Load(Write(json.Replace("X", X))));

        Assert.Contains(message, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_missing_file_is_told_in_one_line()
    {
        var error = Assert.Throws<RobotProfileException>(() => RobotProfile.Load(_folder.File("none.json")));

        Assert.Contains("cannot be read", error.Message);
    }

    [Fact]
    public void Limits_are_on_unless_the_file_switches_them_off()
    {
        const string NoLimits = """{ "name": "x", "unit": "m", "hold": "zero" }""";

        Assert.True(RobotProfile.Load(Write($$"""{ "name": "test", "dimensions": [{{X}}] }""")).LimitsEnabled);
        Assert.False(
            RobotProfile
                .Load(Write($$"""{ "name": "test", "limits": false, "dimensions": [{{NoLimits}}] }"""))
                .LimitsEnabled
        );
        Assert.Throws<RobotProfileException>(() =>
            RobotProfile.Load(Write($$"""{ "name": "test", "dimensions": [{{NoLimits}}] }"""))
        );
    }

    [Fact]
    public void A_profile_of_another_robot_is_refused_with_the_first_difference()
    {
        var profile = Make.Profile();

        profile.RequireFits(Spec(["x", "gripper"], ["m", "1"]));
        Assert.Contains("has 2 dimensions (x gripper), the policy's action has 1 (x)", Refusal(["x"], ["m"]));
        Assert.Contains(
            "dimension 1 is x (m) in the profile and gripper (1) in the policy",
            Refusal(["gripper", "x"], ["1", "m"])
        );
        Assert.Contains(
            "dimension 1 is x (m) in the profile and x (mm) in the policy",
            Refusal(["x", "gripper"], ["mm", "1"])
        );

        string Refusal(string[] names, string[] units) =>
            Assert.Throws<RobotProfileException>(() => profile.RequireFits(Spec(names, units))).Message;
    }

    private static ActionSpec Spec(string[] names, string[] units) =>
        new(names, units, new float[names.Length], [.. names.Select(_ => 1f)], 1, 20);

    private string Write(string json)
    {
        var file = _folder.File("robot.json");
        File.WriteAllText(file, json);
        return file;
    }
}
