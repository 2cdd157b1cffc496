using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Runtime;
using Vla.Runtime.Outputs;
using Vla.Runtime.Registries;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Runtime.Outputs;

public sealed class MovingOutputsTests
{
    private static readonly StagedPolicy Untrained = StagedPolicy.Load(Repository.File("config/policies/notebook"));
    private static readonly StagedPolicy Trained = StagedPolicy.Load(Repository.File("config/policies/tabletop"));
    private static readonly IPolicy Script = new ExpertPolicy(() =>
        throw new InvalidOperationException("it is not run here")
    );

    [Theory]
    [InlineData("dll:MyArm.dll#/dev/ttyUSB0")]
    [InlineData("udp://127.0.0.1:9000")]
    public void The_simulator_moves_a_robot_only_for_somebody_who_insists(string output)
    {
        var settings = new VlaSettings { Outputs = ["console", output] };

        foreach (var camera in (string[])["world", "world?fps=10"])
        {
            foreach (var policy in (IPolicy[])[Trained, Script])
            {
                var error = Assert.Throws<UsageException>(() => Check(settings, CameraRegistry.Parse(camera), policy));
                Assert.StartsWith(
                    $"output '{output}' would be moved by the simulator",
                    error.Message,
                    StringComparison.Ordinal
                );
                Assert.Contains("--world-drives-robot", error.Message, StringComparison.Ordinal);
            }
        }

        Check(settings, CameraRegistry.Parse("0"), Trained);
        settings.World.DrivesRobot = true;
        Check(settings, CameraRegistry.Parse("world"), Trained);
    }

    [Theory]
    [InlineData("dll:MyArm.dll")]
    [InlineData("udp://127.0.0.1:9000")]
    public void An_untrained_policy_moves_a_robot_only_for_somebody_who_insists(string output)
    {
        var settings = new VlaSettings { Outputs = [output], World = { DrivesRobot = true } };

        foreach (var camera in (string[])["0", "synthetic", "world"])
        {
            var error = Assert.Throws<UsageException>(() => Check(settings, CameraRegistry.Parse(camera), Untrained));
            Assert.Contains("untrained policy", error.Message, StringComparison.Ordinal);
            Assert.Contains("--allow-untrained", error.Message, StringComparison.Ordinal);
        }

        settings.AllowUntrained = true;
        Check(settings, CameraRegistry.Parse("0"), Untrained);
    }

    [Fact]
    public void What_moves_nothing_is_told_everything() =>
        Check(
            new VlaSettings { Outputs = ["console", "world", "jsonl:actions.jsonl"] },
            CameraRegistry.Parse("world"),
            Untrained
        );

    [Fact]
    public void A_robot_is_kept_from_both_as_an_output_is()
    {
        var settings = new VlaSettings { Robot = "dll:MyArm.dll" };

        var error = Assert.Throws<UsageException>(() =>
            MovingOutputs.Check(settings, settings.Robot, [], CameraRegistry.Parse("world-wrist"), Trained)
        );
        Assert.StartsWith(
            "robot 'dll:MyArm.dll' would be moved by the simulator: camera 'world-wrist'",
            error.Message,
            StringComparison.Ordinal
        );
        error = Assert.Throws<UsageException>(() =>
            MovingOutputs.Check(settings, settings.Robot, [], CameraRegistry.Parse("0"), Untrained)
        );
        Assert.StartsWith(
            "robot 'dll:MyArm.dll' would be moved by an untrained policy",
            error.Message,
            StringComparison.Ordinal
        );
        MovingOutputs.Check(settings, settings.Robot, [], CameraRegistry.Parse("0"), Trained);
    }

    private static void Check(VlaSettings settings, CameraSource camera, IPolicy policy) =>
        MovingOutputs.Check(settings, null, settings.Outputs.Select(OutputRegistry.Parse), camera, policy);
}
