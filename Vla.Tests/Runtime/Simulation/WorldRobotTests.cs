using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Sensors;
using Vla.Sensors.Simulation;
using Vla.Tests.Actors.Robots;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Runtime.Simulation;

public sealed class WorldRobotTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly LiveWorld _world;
    private readonly InstructionBoard _instructions;
    private readonly WorldRobot _robot;

    public WorldRobotTests()
    {
        _world = new LiveWorld(With(Hand(0, 0, 0.1), Cube(Red, 0, 0), Cube(Green, 0.15, 0.1)), _time);
        _instructions = new InstructionBoard(_time);
        _robot = new WorldRobot(_world, new WorldEpisodes(_world, new WorldSettings(), _instructions));
    }

    public void Dispose() => _robot.Dispose();

    [Fact]
    public void The_policys_actions_move_the_arm()
    {
        Apply(ControlState.Policy, times: 5);

        Assert.InRange(_world.Observe().Gripper.X, 0.01, 0.02);
    }

    [Theory]
    [InlineData(ControlState.Hold)]
    [InlineData(ControlState.Stop)]
    public void Without_a_policys_action_it_stays(ControlState state)
    {
        Apply(state, times: 5);

        Assert.Equal(0, _world.Observe().Gripper.X);
    }

    [Fact]
    public void What_was_decided_before_the_table_was_laid_anew_is_not_done()
    {
        var before = _time.NowNs();
        _time.Advance(TimeSpan.FromMilliseconds(20));
        _world.Reset(With(Hand(0, 0, 0.1), Cube(Red, 0, 0)));

        Apply(ControlState.Policy, times: 5, capturedNs: before);

        Assert.Equal(0, _world.Observe().Gripper.X);
    }

    [Fact]
    public void When_the_task_is_done_it_rests_until_something_else_is_said()
    {
        _instructions.Give("reach above the red block");
        for (var i = 0; i < 40; i++)
            Apply(ControlState.Policy, move: 0);
        Apply(ControlState.Policy, times: 20);
        Assert.Equal(0, _world.Observe().Gripper.X);

        _instructions.Give("reach above the green block");
        Apply(ControlState.Policy, times: 20);

        Assert.InRange(_world.Observe().Gripper.X, 0.05, 0.15);
    }

    [Fact]
    public void It_rests_while_the_instruction_names_a_thing_that_is_not_on_the_table()
    {
        _instructions.Give("pick up the blue block");
        _world.Observe();
        Apply(ControlState.Policy, times: 20);
        Assert.Equal(0, _world.Observe().Gripper.X);

        _world.Reset(With(Hand(0, 0, 0.1), Cube(Blue, 0.2, 0.1)));
        Apply(ControlState.Policy, times: 20);

        Assert.InRange(_world.Observe().Gripper.X, 0.05, 0.2);
    }

    [Fact]
    public void It_tells_what_it_feels_to_the_moment_of_each_picture()
    {
        using var reader = RobotStates.ReaderOf(
            _robot,
            RobotProfile.Load(ProjectPaths.TabletopRobot),
            _time,
            rateHz: 50
        )!;
        var state = RobotStates.Select(reader, Spec(["gripper", "z"], ["1", "m"]));
        var values = new float[2];

        Assert.True(state.TryRead(_time.NowNs(), values, out var readNs));
        Assert.Equal([1f, 0.1f], values);
        Assert.Equal(_time.NowNs(), readNs);
        Assert.False(state.TryRead(_time.NowNs() - 1, values));
        Assert.Null(reader.Problem(_time.NowNs()));
        RobotProfile.Load(ProjectPaths.TabletopRobot).RequireFits(_robot);
    }

    private static StateSpec Spec(string[] names, string[] units) =>
        new(names, units, new float[names.Length], new float[names.Length]);

    private void Apply(ControlState state, int times = 1, float move = 0.02f, long? capturedNs = null)
    {
        for (var i = 0; i < times; i++)
        {
            _robot.Apply(
                Make.Published(1, state, 0, move, 0, 0, 0, 0, 0, 1) with
                {
                    Origin = Make.Origin(capturedNs ?? _time.NowNs()),
                }
            );
            _time.Advance(TimeSpan.FromMilliseconds(20));
        }
    }
}
