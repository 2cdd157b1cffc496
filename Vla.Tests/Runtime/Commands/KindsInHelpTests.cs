using System.CommandLine;
using Vla.Runtime.Commands;
using Vla.Runtime.Outputs;
using Vla.Runtime.Policies;
using Vla.Runtime.Registries;
using Vla.Runtime.Robots;
using Vla.Runtime.Teleoperation;

namespace Vla.Tests.Runtime.Commands;

/// <summary>The help of commands names whatever kinds there are.</summary>
public sealed class KindsInHelpTests
{
    [Fact]
    public void Run_names_all_kinds_of_cameras_outputs_robots_and_policies()
    {
        var run = RunCommand.Create();

        Assert.Contains(CameraRegistry.Help, Help(run, "--camera"), StringComparison.Ordinal);
        Assert.Contains(OutputRegistry.Help, Help(run, "--output"), StringComparison.Ordinal);
        Assert.Contains(RobotRegistry.Help, Help(run, "--robot"), StringComparison.Ordinal);
        Assert.Contains(PolicyRegistry.Help, Help(run, "--policy"), StringComparison.Ordinal);
    }

    [Fact]
    public void Record_names_all_kinds_of_teleoperators()
    {
        Assert.Contains(TeleoperatorRegistry.Help, Help(RunCommand.Create(), "--teleop"), StringComparison.Ordinal);
        Assert.Contains(TeleoperatorRegistry.Help, Help(RecordCommand.Create(), "--teleop"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_is_named_with_what_it_is_where_its_form_does_not_say_it()
    {
        var kinds = new Registry<string>(
            new("a:X", _ => null, "one"),
            new("b", _ => null),
            new("c", _ => null, "three")
        );

        Assert.Equal("a:X, b or c", kinds.Possible);
        Assert.Equal("a:X (one), b or c (three)", kinds.Help);
        Assert.Equal("a (one)", new Registry<string>(new Kind<string>("a", _ => null, "one")).Help);
    }

    [Fact]
    public void Eval_and_serve_name_all_kinds_of_policies()
    {
        Assert.Contains(PolicyRegistry.Help, Help(EvalCommand.Create(), "--policy"), StringComparison.Ordinal);
        Assert.Contains(PolicyRegistry.Help, Help(ServeCommand.Create(), "--policy"), StringComparison.Ordinal);
    }

    private static string Help(Command command, string option) =>
        command.Options.Single(one => one.Name == option).Description!;
}
