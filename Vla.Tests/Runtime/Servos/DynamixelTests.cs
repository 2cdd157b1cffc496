using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Dynamixel;

namespace Vla.Tests.Runtime.Servos;

/// <summary>Dynamixel's protocol 2.0: packets as in its maker's manual, and a bus of simulated servos.</summary>
public sealed class DynamixelTests : IDisposable
{
    private static readonly int[] Ids = [1, 2, 3];

    private readonly DynamixelProtocol _protocol = new();
    private readonly DynamixelPort _port;
    private readonly ServoBus _bus;

    public DynamixelTests()
    {
        var time = new FakeTimeProvider();
        _port = new DynamixelPort(time, Ids);
        _bus = new ServoBus(_port, XSeries.Make, time, new ServoNames(["pan", "lift", "elbow"]));
    }

    public void Dispose() => _bus.Dispose();

    [Fact]
    public void Packets_have_the_makers_bytes()
    {
        Assert.Equal("FFFFFD0001030001194E", Written(packet => _protocol.Ping(packet, 1)));
        Assert.Equal("FFFFFD00FE030001310A"[..14], Written(packet => _protocol.Ping(packet, null))[..14]);
        Assert.Equal("FFFFFD000107000284000400" + "1D15", Written(packet => _protocol.Read(packet, 1, 132, 4)));
        Assert.Equal(
            "FFFFFD0001090003740000020000" + "CA89",
            Written(packet => _protocol.Write(packet, 1, 116, [0, 2, 0, 0]))
        );
        Assert.Equal(
            "FFFFFD00FE0900828400040001" + "02CEFA",
            Written(packet => _protocol.SyncRead(packet, [1, 2], 132, 4))
        );
        Assert.Equal(
            "FFFFFD00FE110083740004000196000000" + "02AA000000" + "8287",
            Written(packet => _protocol.SyncWrite(packet, [1, 2], 116, 4, [0x96, 0, 0, 0, 0xAA, 0, 0, 0]))
        );
    }

    [Fact]
    public void The_makers_answer_is_read()
    {
        var received = Convert.FromHexString("FFFFFD000107005500060426655D");

        Assert.Equal(ServoAnswerKind.Whole, _protocol.Find(received, out var answer, out var used));

        Assert.Equal(new ServoAnswer(1, ServoFaults.None, DataAt: 9, Count: 3), answer);
        Assert.Equal(received.Length, used);
        for (var count = 0; count < received.Length; count++)
            Assert.Equal(
                (ServoAnswerKind.None, 0),
                (_protocol.Find(received.AsSpan(0, count), out _, out var some), some)
            );
    }

    [Theory]
    [InlineData("00", "noise before it")]
    [InlineData("FFFFFD", "the beginning of another before it")]
    [InlineData("FF", "a start byte too many")]
    [InlineData("FFFFFD000107005500060426655E", "a wrong checksum before it")]
    [InlineData("FFFFFD0001FFFF55", "a length that none has before it")]
    [InlineData("FFFFFD0001030001194E", "what was sent itself")]
    public void An_answer_is_found_behind(string hex, string what)
    {
        var received = Convert.FromHexString(hex + "FFFFFD000107005500060426655D").AsSpan();
        var damaged = 0;
        ServoAnswer answer;
        while (_protocol.Find(received, out answer, out var used) == ServoAnswerKind.Damaged)
        {
            received = received[used..];
            damaged++;
        }

        Assert.True(answer is { Id: 1, Count: 3 }, what);
        Assert.True(damaged > 0, what);
    }

    [Fact]
    public void Damaged_bytes_neither_hang_nor_throw()
    {
        var random = new Random(1);
        var whole = Convert.FromHexString("FFFFFD000107005500060426655DFFFFFD0002080055001234FF7E0102");
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = whole.ToArray();
            for (var k = random.Next(1, 6); k > 0; k--)
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? 0xFF : random.Next(256));
            var rest = bytes.AsSpan();
            var turns = 0;
            while (_protocol.Find(rest, out var answer, out var used) != ServoAnswerKind.None)
            {
                Assert.InRange(used, 1, rest.Length);
                Assert.InRange(answer.DataAt + answer.Count, 0, used);
                rest = rest[used..];
                Assert.InRange(++turns, 1, bytes.Length);
            }
        }
    }

    [Fact]
    public void Every_servo_is_found_and_tells_its_model()
    {
        Assert.Equal(Ids, _bus.PingAll());
        Assert.Equal(ServoFaults.None, _bus.Ping(2));
        Assert.Null(_bus.Ping(9));
        Assert.Equal("XL330-M288", XSeries.Make.ModelOf(_bus.Read(3, XSeries.ModelNumber))!.Name);
        Assert.Null(_bus.Silence(Ids));
    }

    [Theory]
    [InlineData(-1_048_575)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1_048_575)]
    // FF FF FD within it.
    [InlineData(0x00FDFFFF)]
    [InlineData(unchecked((int)0xFDFFFFFD))]
    public void What_is_written_is_there_to_be_read(int value)
    {
        Assert.Equal(ServoFaults.None, _bus.Write(2, XSeries.GoalPosition, value));

        Assert.Equal(value, _bus.Read(2, XSeries.GoalPosition));
        Assert.Equal(value, BitConverter.ToInt32(_port.Servos[2], XSeries.GoalPosition.Address));
    }

    [Theory]
    [InlineData(-32_768)]
    [InlineData(-3)]
    [InlineData(32_767)]
    public void Numbers_of_two_bytes_have_their_sign_as_it_is_usual(int value)
    {
        Span<byte> bytes = stackalloc byte[2];

        XSeries.PresentCurrent.Encode(value, bytes);

        Assert.Equal((short)value, BitConverter.ToInt16(bytes));
        Assert.Equal(value, XSeries.PresentCurrent.Decode(bytes));
        Assert.Throws<ServoException>(() => XSeries.PresentCurrent.Encode(40_000, new byte[2]));
    }

    [Fact]
    public void All_positions_come_with_one_question_and_all_goals_go_with_one_packet()
    {
        var values = new int[3];

        Assert.True(_bus.TrySyncRead(XSeries.PresentPosition, Ids, values));
        Assert.Equal([2_058, 2_068, 2_078], values);
        Assert.Single(_port.Sent);

        _bus.SyncWrite(XSeries.GoalPosition, Ids, [-5, 0x00FDFFFF, 7]);
        Assert.Equal(2, _port.Sent.Count);
        Assert.True(_bus.TrySyncRead(XSeries.GoalPosition, Ids, values));
        Assert.Equal([-5, 0x00FDFFFF, 7], values);
    }

    [Fact]
    public void A_packet_that_is_lost_or_damaged_is_asked_for_again_and_counted()
    {
        _port.Lost = 1;
        Assert.Equal(2_058, _bus.Read(1, XSeries.PresentPosition));
        _port.Corrupt = 1;
        Assert.Equal(2_058, _bus.Read(1, XSeries.PresentPosition));

        Assert.Equal(2, _bus.Tally.Retries);
        Assert.True(_bus.Tally.Damaged > 0);
    }

    [Fact]
    public void A_servo_that_is_silent_is_named_with_its_cable()
    {
        _port.Servos.Remove(3);

        Assert.Contains("servo 3, elbow", Assert.Throws<ServoException>(() => _bus.Read(3, XSeries.Id)).Message);
        Assert.Contains("cable between servo 2, lift and servo 3, elbow", _bus.Silence(Ids));
    }

    [Fact]
    public void What_is_wrong_with_a_servo_is_said_in_words()
    {
        _port.Servos[1][XSeries.HardwareError.Address] = 36;

        Assert.Equal(ServoFaults.Hardware, _bus.Ping(1));
        var faults = XSeries.FaultsOf(_bus.Read(1, XSeries.HardwareError));

        Assert.Equal(ServoFaults.Overheated | ServoFaults.Overload, faults);
        Assert.Contains("cool down", ServoFaultWords.Of(faults));
        Assert.Contains("of its own", ServoFaultWords.Of(ServoFaults.Hardware));
    }

    [Fact]
    public void What_a_servo_does_not_do_with_its_torque_on_is_told()
    {
        _bus.Write(2, XSeries.TorqueEnable, 1);

        Assert.Equal(ServoFaults.Instruction, _bus.Write(2, XSeries.OperatingMode, 3));
        Assert.Equal(0, _bus.Read(2, XSeries.OperatingMode));
    }

    [Fact]
    public void A_turn_of_a_control_loop_allocates_nothing()
    {
        Span<byte> packet = new byte[256];
        var answer = Convert.FromHexString("FFFFFD000107005500060426655D");
        _protocol.SyncWrite(packet, Ids, 116, 4, new byte[12]);
        _protocol.Find(answer, out _, out _);
        var data = new byte[12];
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            _protocol.SyncWrite(packet, Ids, 116, 4, data);
            _protocol.SyncRead(packet, Ids, 132, 4);
            _protocol.Find(answer, out _, out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static string Written(Func<byte[], int> write)
    {
        var packet = new byte[128];
        return Convert.ToHexString(packet.AsSpan(0, write(packet)));
    }
}
