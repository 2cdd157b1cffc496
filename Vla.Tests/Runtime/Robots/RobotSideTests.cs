using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Outputs;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Sensors.Simulation;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Robots;

public sealed class RobotSideTests : IDisposable
{
    private static readonly StateSpec Gripper = new(["gripper"], ["1"], [0], [1]);

    private readonly FeelingRobot _robot = new();
    private RobotSide? _side;

    public void Dispose() => _side?.Dispose();

    [Fact]
    public void A_named_robot_tells_the_policy_and_the_control_loop_where_it_is_and_is_told_the_actions()
    {
        Assemble(new RobotMade(_robot, Make.Profile()), []);
        _side!.Connect(CancellationToken.None);

        Assert.Same(_side.Moved, _side.Sensed);
        Assert.Same(_side.Moved, Assert.Single(_side.Outputs));
        Assert.Equal("feeling arm", _side.Moved!.State!.RobotName);
        Assert.NotNull(_side.PolicyState);
        Assert.True(_side.PolicyTakesState);
        Assert.Equal(["connect"], _robot.Done);
    }

    [Fact]
    public void An_output_whose_class_is_a_robot_is_the_robot()
    {
        var other = new FakeRobot();
        Assemble(new RobotMade(null, Make.Profile()), [new Given(other), new Given(_robot)]);

        Assert.Equal("feeling arm", _side!.Moved!.Name);
        Assert.Equal([other, _side.Moved], _side.Outputs);
    }

    [Fact]
    public void Two_robots_are_one_too_many()
    {
        var error = Assert.Throws<RobotProfileException>(() =>
            Assemble(new RobotMade(_robot, Make.Profile()), [new Given(new FeelingRobot { Name = "second" })])
        );

        Assert.StartsWith(
            "there are several robots (feeling arm, second): give one",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "x jaw",
        "m 1",
        "robot profile 'test' does not fit robot 'feeling arm': dimension 2 is gripper (1) in the profile and jaw "
            + "(1) in the robot"
    )]
    [InlineData("x gripper", "mm 1", "dimension 1 is x (m) in the profile and x (mm) in the robot")]
    [InlineData("x", "m", "has 2 dimensions (x gripper), robot 'feeling arm' takes 1 (x): choose this robot's profile")]
    [InlineData("x gripper", "m", "names 2 values of its action and 1 units")]
    public void A_robot_whose_actions_are_not_the_profiles_is_an_error_that_names_both(
        string names,
        string units,
        string message
    )
    {
        var robot = new FeelingRobot { ActionNames = names.Split(' '), ActionUnits = units.Split(' ') };

        var error = Assert.Throws<RobotProfileException>(() => Assemble(new RobotMade(robot, Make.Profile()), []));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_wants_what_the_robot_does_not_tell_is_an_error_and_one_without_a_robot_gets_none()
    {
        var error = Assert.Throws<RobotProfileException>(() =>
            Assemble(new RobotMade(_robot, Make.Profile()), [], wanted: new StateSpec(["elbow"], ["rad"], [0], [1]))
        );
        Assert.Contains("does not tell 'elbow'", error.Message, StringComparison.Ordinal);

        Assemble(new RobotMade(null, Make.Profile()), [new Given(new FakeRobot())]);
        Assert.Null(_side!.PolicyState);
        Assert.Null(_side.Moved);
    }

    [Fact]
    public void The_simulated_arm_is_a_robot_among_others_and_another_one_beside_it_says_where_the_loop_starts()
    {
        var profile = RobotProfile.Load(ProjectPaths.TabletopRobot);
        var table = new SimulatedTabletop(
            new WorldSettings(),
            new ExpertPolicy(() => null!),
            new InstructionBoard(TimeProvider.System),
            TimeProvider.System
        );
        Assemble(new RobotMade(table.Robot(), profile), [new OutputSpec.World()], table);
        Assert.Equal("world", Assert.Single(_side!.Outputs).Name);
        Assert.True(_side.Moved!.IsSimulated);
        Assert.True(_side.PolicyTakesState);

        var arm = new FeelingRobot { ActionNames = WorldAction.Names, ActionUnits = WorldAction.Units };
        Assemble(new RobotMade(null, profile), [new Given(arm)], table);
        Assert.Equal(("feeling arm", "world"), (_side.Moved!.Name, _side.Sensed!.Name));
        Assert.NotNull(_side.PolicyState);
        Assert.False(_side.PolicyTakesState);
    }

    private void Assemble(
        RobotMade made,
        OutputSpec[] outputs,
        SimulatedTabletop? table = null,
        StateSpec? wanted = null
    ) =>
        _side = RobotSide.Assemble(
            made,
            outputs,
            new OutputContext(made.Profile, () => new ConsoleSnapshot(), null, TimeProvider.System, table),
            filmsTabletop: table is not null,
            wanted ?? Gripper,
            rateHz: 50
        );

    private sealed record Given(IActionOutput Output) : OutputSpec
    {
        public override IActionOutput Open(OutputContext context) => Output;
    }
}
