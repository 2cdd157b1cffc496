using Vla.Actors.Robots;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.ServoSimulation;

namespace Vla.Tests.Runtime.Servos;

/// <summary>What an arm does and what it never does, against the simulated servos.</summary>
public sealed class ArmLoopTests : IDisposable
{
    private const int Goal = 42;
    private const int TorqueLimit = 48;

    /// <summary>Upright: far from where it lies.</summary>
    private static readonly float[] Up = [0, 0, 0, 0, 0, 50];

    private readonly ArmBench _arm = new();

    public void Dispose() => _arm.Dispose();

    [Fact]
    public void Torque_comes_on_with_the_first_action_and_the_arm_does_not_move_by_that()
    {
        _arm.Begin();
        // What a servo holds from before: without care it would go there at once.
        foreach (var servo in _arm.Servos.Servos)
            servo.Write(Goal, [0x00, 0x08]);
        _arm.Pass(0.2);
        Assert.DoesNotContain(_arm.Servos.Servos, servo => servo.HasTorque);
        var before = _arm.Positions();

        _arm.Pass(0.5, ControlState.Hold);

        Assert.All(_arm.Servos.Servos, servo => Assert.True(servo.HasTorque));
        Assert.Equal(ArmMode.Holding, _arm.Loop.Mode);
        Assert.Equal(before, _arm.Positions());
        Assert.InRange(_arm.FastestTurn, 0, 60);
    }

    [Fact]
    public void A_servo_that_did_not_hear_of_its_goal_gets_no_torque()
    {
        _arm.Begin();
        foreach (var servo in _arm.Servos.Servos)
            servo.Write(Goal, [0x00, 0x08]);
        _arm.Servos.Conditions.Lost = 0.3;

        for (var i = 0; i < 30; i++)
        {
            try
            {
                _arm.Pass(0.1, ControlState.Hold);
            }
            catch (RobotLostException)
            {
                // The line is as bad as that.
            }
        }

        Assert.InRange(_arm.FastestTurn, 0, 100);
        Assert.Contains(_arm.Servos.Servos, servo => servo.HasTorque);
    }

    [Fact]
    public void The_arm_goes_slowly_to_where_it_is_first_told_to_be_and_follows_from_there()
    {
        _arm.Begin();
        _arm.Pass(0.1, ControlState.Hold);
        _arm.FastestTurn = 0;

        _arm.Pass(1, ControlState.Policy, Up);
        Assert.Equal(ArmMode.Approaching, _arm.Loop.Mode);
        Assert.Equal("it goes slowly to where it is first told to be", _arm.Loop.Note);
        // 30 degrees a second, and as much more with each second.
        Assert.InRange(_arm.FastestTurn, 200, 2 * 341 + 60);

        Assert.All(_arm.Pass(4, ControlState.Policy, Up)[..5], value => Assert.InRange(value, -2, 2));
        Assert.Equal(ArmMode.Following, _arm.Loop.Mode);
        Assert.Null(_arm.Loop.Note);

        _arm.FastestTurn = 0;
        _arm.Pass(1, ControlState.Policy, [40, 0, 0, 0, 0, 50]);
        Assert.InRange(_arm.FastestTurn, 800, 3_100);
    }

    [Fact]
    public void After_a_stop_it_sets_out_slowly_again()
    {
        Raise();
        _arm.Pass(0.2, ControlState.Stop);
        Assert.Equal(ArmMode.Holding, _arm.Loop.Mode);

        _arm.FastestTurn = 0;
        _arm.Pass(0.5, ControlState.Policy, [60, 0, 0, 0, 0, 50]);

        Assert.InRange(_arm.FastestTurn, 200, 600);
    }

    [Fact]
    public void A_stop_keeps_it_where_it_is_and_so_does_a_controller_that_says_nothing_any_more()
    {
        Raise();
        _arm.Pass(0.1, ControlState.Policy, [80, 0, 0, 0, 0, 50]);
        var at = _arm.Pass(0.4, ControlState.Stop)[0];
        Assert.InRange(at, 1, 60);
        Assert.Equal(at, _arm.Pass(1, ControlState.Stop)[0], 1.0);

        Raise();
        _arm.Pass(0.1, ControlState.Policy, [80, 0, 0, 0, 0, 50]);
        // Nothing more comes: after its 0.1 s it stops by itself.
        at = _arm.Pass(0.6)[0];
        Assert.InRange(at, 1, 60);
        Assert.Equal(at, _arm.Pass(1)[0], 1.0);
        Assert.All(_arm.Servos.Servos, servo => Assert.True(servo.HasTorque));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(1e9f)]
    [InlineData(-1e9f)]
    [InlineData(float.PositiveInfinity)]
    public void No_goal_leaves_the_calibrated_range(float wild)
    {
        Raise();

        _arm.Pass(2, ControlState.Policy, [wild, wild, wild, wild, wild, wild]);

        foreach (var (servo, joint) in _arm.Servos.Servos.Zip(_arm.Calibration.Joints))
            Assert.InRange(servo.Word(Goal), joint.RangeMin, joint.RangeMax);
    }

    [Fact]
    public void In_the_end_the_arm_is_brought_to_where_it_was_found_and_let_go_without_falling()
    {
        _arm.Begin();
        var found = _arm.Positions();
        _arm.Pass(6, ControlState.Policy, Up);
        foreach (var servo in _arm.Servos.Servos)
            servo.FastestSinking = 0;
        _arm.FastestTurn = 0;

        _arm.Loop.End();
        _arm.Pass(12, ControlState.Stop);

        Assert.True(_arm.Loop.HasEnded);
        Assert.Equal(ArmMode.Slack, _arm.Loop.Mode);
        Assert.All(_arm.Positions().Zip(found), pair => Assert.InRange(pair.First - pair.Second, -60, 60));
        Assert.DoesNotContain(_arm.Servos.Servos, servo => servo.HasTorque);
        // 40 degrees a second; whoever lets go up there falls at 130.
        Assert.InRange(_arm.FastestTurn, 100, 520);
        Assert.All(_arm.Servos.Servos, servo => Assert.Equal(servo.Word(16), servo.Word(TorqueLimit)));
    }

    [Fact]
    public void Where_it_is_not_known_where_it_can_lie_it_goes_on_holding()
    {
        _arm.Begin();
        _arm.Pass(6, ControlState.Policy, Up);
        _arm.Loop.Begin(hasTorque: true, rest: null);
        _arm.Loop.End();

        _arm.Pass(2, ControlState.Stop);

        Assert.True(_arm.Loop.HasEnded);
        Assert.All(_arm.Servos.Servos, servo => Assert.True(servo.HasTorque));
        Assert.All(_arm.Pass(0.1)[..5], value => Assert.InRange(value, -5, 5));
    }

    [Fact]
    public void One_that_holds_already_is_taken_over_without_a_move()
    {
        Raise();
        var before = _arm.Positions();
        var goals = _arm.Loop.Goals.ToArray();

        for (var i = 0; i < 5; i++)
        {
            _arm.Loop.Begin(hasTorque: true, rest: null);
            _arm.Pass(0.2, ControlState.Hold);
        }

        Assert.All(_arm.Positions().Zip(before), pair => Assert.InRange(pair.First - pair.Second, -2, 2));
        Assert.All(_arm.Loop.Goals.ToArray().Zip(goals), pair => Assert.Equal(pair.First, pair.Second, 1.0));
    }

    [Fact]
    public void A_blocked_joint_is_said_then_the_arm_holds_and_goes_on_slowly_when_its_way_is_clear()
    {
        Raise();
        _arm.Servos.Servos[0].Obstacle = _arm.Servos.Servos[0].Angle + 100;
        _arm.Pass(0.5, ControlState.Policy, [80, 0, 0, 0, 0, 50]);
        Assert.NotNull(_arm.Loop.Note);

        _arm.Pass(0.6, ControlState.Policy, [80, 0, 0, 0, 0, 50]);
        Assert.StartsWith("servo 1, shoulder_pan is blocked, ", _arm.Loop.Holding, StringComparison.Ordinal);
        Assert.EndsWith("% of its torque; clear its way", _arm.Loop.Holding, StringComparison.Ordinal);
        Assert.Equal(ArmMode.Holding, _arm.Loop.Mode);
        // It pushes no more.
        Assert.InRange(_arm.Servos.Servos[0].Word(60) & 0x3FF, 0, 200);

        _arm.Servos.Servos[0].Obstacle = null;
        _arm.FastestTurn = 0;
        _arm.Pass(1, ControlState.Policy, [80, 0, 0, 0, 0, 50]);
        Assert.Null(_arm.Loop.Holding);
        Assert.InRange(_arm.FastestTurn, 100, 800);
    }

    [Fact]
    public void Blocked_again_and_again_it_is_brought_to_rest()
    {
        Raise();
        _arm.Servos.Servos[0].Obstacle = _arm.Servos.Servos[0].Angle + 100;

        _arm.Pass(30, ControlState.Policy, [80, 0, 0, 0, 0, 50]);

        Assert.Equal(ArmMode.Slack, _arm.Loop.Mode);
        Assert.False(_arm.Loop.HasEnded);
        Assert.Equal(
            "servo 1, shoulder_pan was blocked again and again; clear its way, then start anew",
            _arm.Loop.Holding
        );
        Assert.DoesNotContain(_arm.Servos.Servos, servo => servo.HasTorque);
    }

    [Fact]
    public void A_gripper_may_push_against_what_it_holds()
    {
        Raise();
        _arm.Servos.Servos[5].Obstacle = _arm.Servos.Servos[5].Angle - 100;

        _arm.Pass(5, ControlState.Policy, [0, 0, 0, 0, 0, 0]);

        // In overload, by its low limit, and holding on with less torque.
        Assert.Equal(32, _arm.Servos.Servos[5].Faults);
        Assert.InRange(_arm.Servos.Servos[5].Word(60) & 0x3FF, 100, 300);
        Assert.Null(_arm.Loop.Holding);
        Assert.Equal(ArmMode.Following, _arm.Loop.Mode);
    }

    [Fact]
    public void Warmth_is_said_then_the_arm_holds_then_it_is_brought_to_rest_before_the_servo_lets_go()
    {
        Raise();
        _arm.Elbow.Temperature = 58;
        _arm.Pass(0.3, ControlState.Policy, Up);
        Assert.Equal("servo 3, elbow_flex is 57 °C warm; let it cool down, and give it less to carry", _arm.Loop.Note);
        Assert.Null(_arm.Loop.Holding);

        _arm.Elbow.Temperature = 64;
        _arm.Pass(0.3, ControlState.Policy, Up);
        Assert.Equal(ArmMode.Holding, _arm.Loop.Mode);
        Assert.StartsWith("servo 3, elbow_flex is 63 °C warm", _arm.Loop.Holding, StringComparison.Ordinal);

        _arm.Elbow.Temperature = 69;
        foreach (var servo in _arm.Servos.Servos)
            servo.FastestSinking = 0;
        _arm.Pass(12, ControlState.Policy, Up);
        Assert.Equal(ArmMode.Slack, _arm.Loop.Mode);
        Assert.InRange(_arm.Servos.Servos.Max(servo => servo.FastestSinking), 0, 520);
    }

    [Fact]
    public void A_hold_that_does_not_end_becomes_rest()
    {
        Raise();
        _arm.Elbow.Write(13, [60]);
        _arm.Pass(0.1, ControlState.Policy, Up);

        for (var i = 0; i < 250; i++)
        {
            _arm.Elbow.Temperature = 63;
            _arm.Pass(0.1, ControlState.Policy, Up);
        }

        Assert.Equal(ArmMode.Slack, _arm.Loop.Mode);
        Assert.Equal("servo 3, elbow_flex: overheated; let it cool down", _arm.Loop.Holding);
    }

    [Fact]
    public void A_servo_that_gives_up_is_said_with_what_to_do()
    {
        Raise();
        _arm.Elbow.Write(36, [10]);
        _arm.Elbow.Write(35, [5]);

        _arm.Pass(1, ControlState.Policy, Up);

        Assert.Equal("servo 3, elbow_flex: overload; take its load away, power the arm off and on", _arm.Loop.Holding);
    }

    [Fact]
    public void Power_that_fails_for_a_moment_is_noticed_and_nothing_jumps_when_it_is_back()
    {
        Raise();
        foreach (var servo in _arm.Servos.Servos)
            servo.CyclePower();
        _arm.FastestTurn = 0;

        _arm.Pass(2, ControlState.Hold);

        Assert.All(_arm.Servos.Servos, servo => Assert.True(servo.HasTorque));
        // It falls until somebody notices, a quarter of a second, and never goes back at once.
        Assert.InRange(_arm.FastestTurn, 0, SimulatedJoint.FastestFall + 1);
        Assert.Equal(ArmMode.Holding, _arm.Loop.Mode);
    }

    [Fact]
    public void Single_answers_that_get_lost_are_asked_for_again_and_change_nothing()
    {
        Raise();
        (_arm.Servos.Conditions.Lost, _arm.Servos.Conditions.Corrupt, _arm.Servos.Conditions.Noise) = (
            0.005,
            0.005,
            0.02
        );
        _arm.FastestTurn = 0;

        var values = _arm.Pass(20, ControlState.Policy, Up);

        Assert.All(values[..5], value => Assert.InRange(value, -3, 3));
        Assert.InRange(_arm.FastestTurn, 0, 100);
        Assert.True(_arm.Bus.Tally.Retries > 20, $"{_arm.Bus.Tally}");
    }

    [Fact]
    public void A_servo_that_stays_silent_is_a_lost_arm_told_with_where_to_look()
    {
        Raise();
        foreach (var servo in _arm.Servos.Servos.Skip(3))
            servo.IsDead = true;

        var error = Assert.Throws<RobotLostException>(() => _arm.Pass(2, ControlState.Policy, Up));

        Assert.Equal(
            "/dev/simulated: servo 4, wrist_flex and servo 5, wrist_roll and servo 6, gripper do not answer: "
                + "check the cable between servo 3, elbow_flex and servo 4, wrist_flex",
            error.Message
        );
    }

    [Fact]
    public void A_pulled_plug_is_a_lost_arm_that_goes_on_holding()
    {
        Raise();
        _arm.Port.IsGone = true;

        Assert.Throws<RobotLostException>(() => _arm.Pass(0.1, ControlState.Policy, Up));
        _arm.Servos.Pass(_arm.Time.GetTimestamp() / 1e7 + 5);

        Assert.InRange(_arm.Lift.Angle, 1_900, 2_100);
    }

    [Fact]
    public void States_have_the_time_at_which_they_were_true()
    {
        _arm.Begin();
        _arm.Pass(1);

        var values = new float[6];
        Assert.True(_arm.States.TryRead(long.MaxValue, values, out var atNs));
        var ageMs = (_arm.Time.GetTimestamp() * 100 - atNs) / 1e6;
        Assert.InRange(ageMs, 8, 12);
        // The arm lies at its lower stop, the elbow at its upper one.
        Assert.InRange(values[1], -100, -97);
        Assert.InRange(values[2], 96, 100);
    }

    [Fact]
    public void A_turn_allocates_nothing_while_all_is_well()
    {
        Raise();
        var servos = new ArmTurnPort();
        using var bus = new ServoBus(servos, ArmKind.So101.Make, TimeProvider.System, ServoNames.None);
        var loop = new ArmLoop(bus, ArmKind.So101, _arm.Scale, new ArmLimits(), new(6), TimeProvider.System);
        loop.Begin(hasTorque: false, rest: null);
        for (var i = 0; i < 10; i++)
            loop.Turn();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 200; i++)
            loop.Turn();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(bus.Tally.Answers > 1_200);
    }

    private void Raise()
    {
        if (_arm.Loop.Mode == ArmMode.Slack)
            _arm.Begin();
        _arm.Pass(6, ControlState.Policy, Up);
        _arm.FastestTurn = 0;
    }

    /// <summary>Answers every question of six servos' states at once.</summary>
    private sealed class ArmTurnPort : Vla.Runtime.Servos.Ports.ISerialPort
    {
        private readonly byte[] _answer =
        [
            .. Enumerable
                .Range(1, 6)
                .SelectMany(id =>
                {
                    byte[] body = [(byte)id, 17, 0, 0, 8, 0, 0, 0, 0, 74, 28, 0, 0, 0, 0, 0, 0, 0];
                    return (byte[])[0xFF, 0xFF, .. body, (byte)~body.Sum(value => value)];
                }),
        ];

        public string Name => "quiet";

        public int Baud { get; set; } = 1_000_000;

        public void Write(ReadOnlySpan<byte> bytes) { }

        public int Read(Span<byte> bytes, long patienceNs)
        {
            _answer.CopyTo(bytes);
            return _answer.Length;
        }

        public void DiscardInput() { }

        public void Dispose() { }
    }
}
