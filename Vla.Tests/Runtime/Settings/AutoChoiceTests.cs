using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Registries;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Settings;

public sealed class AutoChoiceTests
{
    [Theory]
    [InlineData("world", "tabletop")]
    [InlineData("world?fps=20", "tabletop")]
    [InlineData("synthetic", "notebook")]
    [InlineData("0", "notebook")]
    [InlineData("clip.mp4", "notebook")]
    [InlineData("http://127.0.0.1:8090/", "notebook")]
    public void Policy_and_robot_fit_the_camera(string camera, string expected)
    {
        var settings = new VlaSettings();
        var source = CameraRegistry.Parse(camera);

        var policy = AutoChoice.Policy(settings, source);
        var robot = AutoChoice.Robot(settings, source);

        Assert.Equal((expected, expected), (Path.GetFileName(policy), Path.GetFileNameWithoutExtension(robot)));
        RobotProfile.Load(robot).RequireFits(StagedPolicy.Load(policy).Action);
    }

    [Fact]
    public void What_is_set_wins()
    {
        var settings = new VlaSettings { Policy = "mine", Robot = "mine.json" };
        var world = NamedCamera.Deciding(NamedCamera.ReadAll(settings.Camera));

        Assert.Equal(("mine", "mine.json"), (AutoChoice.Policy(settings, world), AutoChoice.Robot(settings, world)));
    }

    [Fact]
    public void Without_any_setting_the_simulated_tabletop_runs_with_the_policy_trained_for_it()
    {
        var settings = SettingsLoader.Load(
            Repository.File("config/vla.json"),
            new Dictionary<string, string?>(),
            new Dictionary<string, string?>()
        );

        Assert.Equal(
            ProjectPaths.TabletopPolicy,
            AutoChoice.Policy(settings, NamedCamera.Deciding(NamedCamera.ReadAll(settings.Camera)))
        );
    }

    [Fact]
    public void Only_the_simulated_arm_begins_to_move_again_by_itself_after_a_long_stop()
    {
        var table = new SimulatedTabletop(
            new WorldSettings(),
            new ExpertPolicy(() => null!),
            new InstructionBoard(TimeProvider.System),
            TimeProvider.System
        );
        using var arm = table.Robot();
        var log = new FakeRobot { Moves = false };
        var other = new FakeRobot();

        Assert.Equal(ResumeAfterStop.Automatic, AutoChoice.Resume(ResumeAfterStop.Auto, [arm, log]));
        Assert.Equal(ResumeAfterStop.ShortStops, AutoChoice.Resume(ResumeAfterStop.Auto, [arm, other]));
        Assert.Equal(ResumeAfterStop.ShortStops, AutoChoice.Resume(ResumeAfterStop.Auto, [log]));
        Assert.Equal(ResumeAfterStop.ShortStops, AutoChoice.Resume(ResumeAfterStop.Auto, []));
        Assert.Equal(ResumeAfterStop.Manual, AutoChoice.Resume(ResumeAfterStop.Manual, [arm]));
        Assert.Equal(ResumeAfterStop.Automatic, AutoChoice.Resume(ResumeAfterStop.Automatic, [other]));
    }
}
