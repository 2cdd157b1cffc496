using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Servos.Ports;

namespace Vla.Tests.Runtime.Servos;

/// <summary>
/// A serial port with Dynamixel servos at its other end, after their maker's description of protocol 2.0, not after the
/// driver.
/// </summary>
internal sealed class DynamixelPort(FakeTimeProvider time, params int[] ids) : ISerialPort
{
    private const int FirstVolatile = 64;

    private readonly Queue<byte> _heard = [];

    public string Name => "/dev/simulated";

    public int Baud { get; set; } = 1_000_000;

    /// <summary>By number: each byte that a servo keeps.</summary>
    public Dictionary<int, byte[]> Servos { get; } = ids.ToDictionary(id => id, id => Fresh(id));

    /// <summary>Packets that are heard by nobody, counted down.</summary>
    public int Lost { get; set; }

    /// <summary>Answers of which a bit is wrong, counted down.</summary>
    public int Corrupt { get; set; }

    public List<byte[]> Sent { get; } = [];

    public void Write(ReadOnlySpan<byte> bytes)
    {
        var packet = bytes.ToArray();
        Sent.Add(packet);
        if (Lost-- > 0)
            return;
        Assert.Equal([0xFF, 0xFF, 0xFD, 0], packet[..4]);
        Assert.Equal(packet.Length - 7, packet[5] | (packet[6] << 8));
        Assert.Equal(Crc(packet.AsSpan(0, packet.Length - 2)), packet[^2] | (packet[^1] << 8));
        Obey(packet[4], packet[7], Plain(packet[7..^2])[1..]);
    }

    public int Read(Span<byte> bytes, long patienceNs)
    {
        if (_heard.Count == 0)
            time.Advance(TimeSpan.FromTicks(patienceNs / 100 + 1));
        var count = 0;
        while (count < bytes.Length && _heard.TryDequeue(out var value))
            bytes[count++] = value;
        return count;
    }

    public void DiscardInput() => _heard.Clear();

    public void Dispose() { }

    public static int Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0;
        foreach (var value in bytes)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                var isSet = ((crc >> 15) & 1) != ((value >> bit) & 1);
                crc = ((crc << 1) & 0xFFFF) ^ (isSet ? 0x8005 : 0);
            }
        }

        return crc;
    }

    private static byte[] Fresh(int id)
    {
        var table = new byte[148];
        (table[0], table[1], table[6], table[7], table[8]) = (0xB0, 0x04, 50, (byte)id, 3);
        (table[132], table[133]) = ((byte)(10 * id), 8);
        return table;
    }

    private void Obey(int id, int instruction, byte[] data)
    {
        switch (instruction)
        {
            case 1:
                foreach (var one in Servos.Keys.Where(one => id is 0xFE || id == one))
                    Answer(one, 0, Servos[one][0], Servos[one][1], Servos[one][6]);
                break;
            case 2 when Servos.TryGetValue(id, out var table):
                Answer(id, 0, table[Word(data, 0)..(Word(data, 0) + Word(data, 2))]);
                break;
            case 3 when Servos.ContainsKey(id):
                Answer(id, Change(id, Word(data, 0), data[2..]));
                break;
            case 0x82:
                foreach (var one in data[4..].Where(one => Servos.ContainsKey(one)))
                    Answer(one, 0, Servos[one][Word(data, 0)..(Word(data, 0) + Word(data, 2))]);
                break;
            case 0x83:
                var each = Word(data, 2);
                for (var at = 4; at + each < data.Length; at += each + 1)
                    Change(data[at], Word(data, 0), data[(at + 1)..(at + 1 + each)]);
                break;
        }
    }

    private int Change(int id, int address, byte[] data)
    {
        var table = Servos[id];
        if (address < FirstVolatile && table[64] != 0)
            return 7;
        if (address == 8 && data[0] > 6)
            return 4;
        data.CopyTo(table, address);
        return 0;
    }

    private void Answer(int id, int error, params byte[] data)
    {
        var alert = Servos[id][70] != 0 ? 0x80 : 0;
        byte[] body = Stuffed([0x55, (byte)(error | alert), .. data]);
        byte[] packet = [0xFF, 0xFF, 0xFD, 0, (byte)id, (byte)(body.Length + 2), 0, .. body];
        var crc = Crc(packet);
        packet = [.. packet, (byte)crc, (byte)(crc >> 8)];
        if (Corrupt-- > 0)
            packet[^4] ^= 4;
        foreach (var value in packet)
            _heard.Enqueue(value);
    }

    private static byte[] Stuffed(byte[] body) => Convert.FromHexString(Replace(body, "FFFFFD", "FFFFFDFD"));

    private static byte[] Plain(byte[] body) => Convert.FromHexString(Replace(body, "FFFFFDFD", "FFFFFD"));

    private static string Replace(byte[] body, string what, string by)
    {
        // Letters stand for bytes, so that no half of one is taken for another.
        static string Letters(byte[] bytes) => string.Concat(bytes.Select(value => (char)value));
        var replaced = Letters(body)
            .Replace(
                Letters(Convert.FromHexString(what)),
                Letters(Convert.FromHexString(by)),
                StringComparison.Ordinal
            );
        return Convert.ToHexString([.. replaced.Select(letter => (byte)letter)]);
    }

    private static int Word(byte[] data, int at) => data[at] | (data[at + 1] << 8);
}
