using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Feetech;

namespace Vla.Tests.Runtime.Servos;

/// <summary>Packets as the maker's own library writes them, byte for byte.</summary>
public sealed class FeetechProtocolTests
{
    private readonly FeetechProtocol _protocol = new();

    [Fact]
    public void Packets_have_the_makers_bytes()
    {
        Assert.Equal("FFFF010201FB", Written(packet => _protocol.Ping(packet, 1)));
        Assert.Equal("FFFFFE0201FE", Written(packet => _protocol.Ping(packet, null)));
        Assert.Equal("FFFF0104023802BE", Written(packet => _protocol.Read(packet, 1, 56, 2)));
        Assert.Equal("FFFF0104032800CF", Written(packet => _protocol.Write(packet, 1, 40, [0])));
        Assert.Equal("FFFFFE0682380201023C", Written(packet => _protocol.SyncRead(packet, [1, 2], 56, 2)));
        Assert.Equal(
            "FFFFFE0A832A0201000802FF0737",
            Written(packet => _protocol.SyncWrite(packet, [1, 2], 42, 2, [0, 8, 0xFF, 7]))
        );
    }

    [Fact]
    public void An_answer_is_read_with_whose_it_is_and_what_is_wrong_with_it()
    {
        byte[] received = [0xFF, 0xFF, 3, 4, 32, 0x34, 0x02, 0xA2];

        Assert.Equal(ServoAnswerKind.Whole, _protocol.Find(received, out var answer, out var used));
        Assert.Equal(new ServoAnswer(3, ServoFaults.Overload, DataAt: 5, Count: 2), answer);
        Assert.Equal(received.Length, used);
    }

    [Fact]
    public void An_answer_that_comes_in_pieces_is_waited_for()
    {
        byte[] whole = [0xFF, 0xFF, 1, 2, 0, 0xFC];

        for (var count = 0; count < whole.Length; count++)
            Assert.Equal(
                (ServoAnswerKind.None, 0),
                (_protocol.Find(whole.AsSpan(0, count), out _, out var used), used)
            );
    }

    [Theory]
    [InlineData("00FFFF010200FC", "noise before it")]
    [InlineData("FFFFFF010200FC", "a start byte too many")]
    [InlineData("FFFF010200FDFFFF010200FC", "a wrong checksum before it")]
    [InlineData("FFFF01FF0000FFFF010200FC", "a length that none has before it")]
    [InlineData("FFFF010600FFFF010200FC000000", "one that lost its end before it")]
    public void An_answer_is_found_behind(string hex, string what)
    {
        var received = Convert.FromHexString(hex).AsSpan();
        var damaged = 0;
        ServoAnswer answer;
        while (_protocol.Find(received, out answer, out var used) == ServoAnswerKind.Damaged)
        {
            received = received[used..];
            damaged++;
        }

        Assert.True(answer.Id == 1, what);
        Assert.True(damaged > 0, what);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(-1470, 0xBE, 0x0D)]
    [InlineData(2047, 0xFF, 0x07)]
    [InlineData(-2047, 0xFF, 0x0F)]
    public void An_offset_has_its_sign_in_bit_11(int value, byte low, byte high)
    {
        Span<byte> bytes = stackalloc byte[2];

        Sts3215.HomingOffset.Encode(value, bytes);

        Assert.Equal([low, high], bytes.ToArray());
        Assert.Equal(value, Sts3215.HomingOffset.Decode(bytes));
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(-2048)]
    public void A_value_that_does_not_fit_is_refused_with_what_does(int value)
    {
        var error = Assert.Throws<ServoException>(() => Sts3215.HomingOffset.Encode(value, new byte[2]));

        Assert.Equal($"{value} does not fit into Homing_Offset: allowed is -2047 to 2047", error.Message);
    }

    private static string Written(Writes write)
    {
        Span<byte> packet = stackalloc byte[64];
        return Convert.ToHexString(packet[..write(packet)]);
    }

    private delegate int Writes(Span<byte> packet);
}
