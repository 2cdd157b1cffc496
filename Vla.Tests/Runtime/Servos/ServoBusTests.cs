using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Robots;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Feetech;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Servos;

public sealed class ServoBusTests : IDisposable
{
    private static readonly int[] Ids = [1, 2, 3, 4, 5, 6];
    private static readonly string[] Names = ["pan", "lift", "elbow", "wrist", "roll", "jaw"];

    private readonly FakeTimeProvider _time = new();
    private readonly SimulatedBus _servos = SimulatedBus.So101();
    private readonly SimulatedPort _port;
    private readonly ServoBus _bus;
    private readonly byte[] _data = new byte[12];
    private readonly int[] _faults = new int[6];

    public ServoBusTests()
    {
        _port = new SimulatedPort(_servos, _time);
        _bus = new ServoBus(_port, Sts3215.Make, _time, new ServoNames(Names));
    }

    public void Dispose() => _bus.Dispose();

    [Fact]
    public void Every_servo_is_found_and_tells_its_model()
    {
        Assert.Equal(Ids, _bus.PingAll());
        Assert.Equal(ServoFaults.None, _bus.Ping(3));
        Assert.Null(_bus.Ping(7));
        Assert.Equal(Sts3215.Model, _bus.Read(6, Sts3215.ModelNumber));
    }

    [Fact]
    public void What_is_written_is_there_to_be_read()
    {
        _bus.Write(2, Sts3215.HomingOffset, -300);

        Assert.Equal(-300, _bus.Read(2, Sts3215.HomingOffset));
        // Present = raw - offset.
        Assert.Equal(830 + 300, _bus.Read(2, Sts3215.PresentPosition));
    }

    [Fact]
    public void All_positions_come_with_one_question_in_the_time_that_they_take_on_the_wire()
    {
        foreach (var id in Ids)
            _bus.Write(id, Sts3215.ReturnDelay, 0);
        var beganNs = _time.NowNs();

        Assert.Equal(6, _bus.SyncRead(Ids, 56, 2, _data, _faults));

        Assert.Equal(830, Sts3215.PresentPosition.Decode(_data.AsSpan(2)));
        Assert.Equal([0, 0, 0, 0, 0, 0], _faults);
        // 14 bytes there and 6 times 8 back at a million bits a second, 0.4 ms for USB.
        Assert.InRange(_time.NowNs() - beganNs, 1_000_000, 1_100_000);
    }

    [Fact]
    public void Goals_go_to_all_with_one_packet_that_nobody_answers()
    {
        var before = _bus.Tally;

        _bus.SyncWrite(Sts3215.GoalPosition, Ids, [2_000, 2_001, 2_002, 2_003, 2_004, 2_005]);

        Assert.Equal(before with { Packets = before.Packets + 1 }, _bus.Tally);
        Assert.Equal(2_004, _bus.Read(5, Sts3215.GoalPosition));
    }

    [Fact]
    public void Of_several_servos_those_that_do_not_answer_are_told()
    {
        _servos.Servos[3].IsDead = true;

        Assert.Equal(5, _bus.SyncRead(Ids, 56, 2, _data, _faults));

        Assert.Equal([0, 0, 0, -1, 0, 0], _faults);
        Assert.Equal(1, _bus.Tally.Missing);
    }

    [Fact]
    public void What_a_servo_says_is_wrong_with_it_comes_with_its_answer()
    {
        _servos.Servos[2].Temperature = 90;

        _bus.SyncRead(Ids, 56, 2, _data, _faults);

        Assert.Equal((int)ServoFaults.Overheated, _faults[2]);
        Assert.Equal(ServoFaults.Overheated, _bus.Ping(3));
    }

    [Fact]
    public void On_a_bad_line_questions_are_asked_again_and_no_answer_is_ever_wrong()
    {
        (_servos.Conditions.Lost, _servos.Conditions.Corrupt, _servos.Conditions.Noise) = (0.1, 0.1, 0.3);
        var (read, silent, wrong) = (0, 0, 0);

        for (var i = 0; i < 500; i++)
        {
            try
            {
                read++;
                if (_bus.Read(1 + i % 6, Sts3215.ModelNumber) != Sts3215.Model)
                    wrong++;
            }
            catch (ServoException)
            {
                silent++;
            }
        }

        Assert.Equal(0, wrong);
        // One in three hundred questions fails three times in a row.
        Assert.InRange(silent, 0, read / 10);
        Assert.True(_bus.Tally is { Retries: > 50, Damaged: > 50, Missing: > 50 }, $"{_bus.Tally}");
    }

    [Fact]
    public void An_answer_that_comes_too_late_is_not_taken_for_the_next_ones()
    {
        _servos.Conditions.Latency = 0.110;
        Assert.Null(_bus.Ping(1));

        _servos.Conditions.Latency = 0.0004;

        Assert.Equal(1_500, Written(1_500));

        int Written(int value)
        {
            _bus.Write(4, Sts3215.GoalPosition, value);
            return _bus.Read(4, Sts3215.GoalPosition);
        }
    }

    [Fact]
    public void A_second_answer_to_what_was_asked_twice_is_not_taken_for_the_next_ones()
    {
        _servos.Conditions.Latency = 0.110;

        // The first answer comes while the second question waits, the second one a moment later.
        Assert.Equal(3, _bus.Read(1, Sts3215.FirmwareMajor));

        _servos.Conditions.Latency = 0.0004;
        Assert.Equal(80, _bus.Read(1, Sts3215.MaximumVoltage));
    }

    [Fact]
    public void A_servo_that_does_not_answer_is_named_with_where_to_look()
    {
        _servos.Servos[2].IsDead = true;

        var error = Assert.Throws<ServoException>(() => _bus.Read(3, Sts3215.PresentPosition));

        Assert.Equal(
            "servo 3, elbow at /dev/simulated gives no answer to the question for its Present_Position: "
                + "check its cable and the power supply",
            error.Message
        );
    }

    [Fact]
    public void A_write_that_nobody_confirms_is_looked_up()
    {
        // Set not to answer to writes at all.
        _servos.Servos[0].Write(8, [0]);

        _bus.Write(1, Sts3215.GoalPosition, 1_234);

        Assert.Equal(1_234, _bus.Read(1, Sts3215.GoalPosition));
    }

    [Fact]
    public void A_line_that_is_gone_is_a_lost_robot()
    {
        _port.IsGone = true;

        var error = Assert.Throws<RobotLostException>(() => _bus.Ping(1));
        Assert.Equal("/dev/simulated is gone: plug it in again", error.Message);
    }

    [Fact]
    public void At_another_speed_nobody_answers()
    {
        _bus.Baud = 115_200;

        Assert.Empty(_bus.PingAll());
    }

    [Theory]
    [InlineData(
        new[] { 4, 5, 6 },
        "servo 4, wrist and servo 5, roll and servo 6, jaw do not answer: "
            + "check the cable between servo 3, elbow and servo 4, wrist"
    )]
    [InlineData(
        new[] { 3 },
        "servo 3, elbow does not answer: check the cables at it and that each number is there once"
    )]
    [InlineData(
        new[] { 1, 2, 3, 4, 5, 6 },
        "no servo answers: check the arm's power supply and the cable from the board to servo 1"
    )]
    public void Where_the_chain_is_broken_is_told_by_who_is_silent(int[] silent, string words) =>
        Assert.Equal(words, new ServoNames(Names).WhereToLook(silent, Ids));

    [Fact]
    public void Faults_are_told_in_words_with_what_to_do()
    {
        Assert.Equal("", ServoFaultWords.Of(ServoFaults.None));
        Assert.Equal(
            "overload; take its load away, power the arm off and on",
            ServoFaultWords.Of(ServoFaults.Overload)
        );
        Assert.Contains(
            "cool down",
            ServoFaultWords.Of(ServoFaults.Overheated | ServoFaults.Overload),
            StringComparison.Ordinal
        );
        Assert.Contains("fault 128", ServoFaultWords.Of((ServoFaults)128), StringComparison.Ordinal);
    }

    [Fact]
    public void A_turn_of_the_loop_allocates_nothing()
    {
        var quiet = new QuietPort();
        using var bus = new ServoBus(quiet, Sts3215.Make, TimeProvider.System, ServoNames.None);
        int[] goals = [1, 2, 3, 4, 5, 6];
        Turn();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Turn();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(6 * 101, bus.Tally.Answers);

        void Turn()
        {
            bus.SyncRead(Ids, 56, 2, _data, _faults);
            bus.SyncWrite(Sts3215.GoalPosition, Ids, goals);
        }
    }

    /// <summary>Answers every question of six servos' two bytes at once.</summary>
    private sealed class QuietPort : Vla.Runtime.Servos.Ports.ISerialPort
    {
        private readonly byte[] _answer =
        [
            .. Enumerable
                .Range(1, 6)
                .SelectMany(id => new byte[] { 0xFF, 0xFF, (byte)id, 4, 0, 0, 8, (byte)~(id + 12) }),
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
