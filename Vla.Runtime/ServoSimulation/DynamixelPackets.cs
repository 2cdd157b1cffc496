namespace Vla.Runtime.ServoSimulation;

/// <summary>Dynamixel's protocol 2.0: four start bytes, stuffing, a CRC at the end.</summary>
internal sealed class DynamixelPackets : ISimulatedPackets
{
    private const int Start = 4;
    private const int Uncounted = 7;
    private const int LongestPacket = 1_000;
    private const byte Status = 0x55;

    public int AddressBytes => 2;

    public SimulatedPacket? TryTake(List<byte> received)
    {
        while (received.Count >= Uncounted)
        {
            var isStart = received[0] == 0xFF && received[1] == 0xFF && received[2] == 0xFD && received[3] == 0;
            var length = received[5] | (received[6] << 8);
            if (!isStart || length is < 3 or > LongestPacket)
            {
                received.RemoveAt(0);
                continue;
            }

            if (received.Count < Uncounted + length)
                return null;
            byte[] packet = [.. received[..(Uncounted + length)]];
            if (Crc(packet.AsSpan(0, packet.Length - 2)) != (packet[^2] | (packet[^1] << 8)))
            {
                received.RemoveRange(0, Start);
                continue;
            }

            received.RemoveRange(0, packet.Length);
            var body = Plain(packet[Uncounted..^2]);
            return new SimulatedPacket(packet[4], body[0], body[1..]);
        }

        return null;
    }

    public byte[] Answer(SimulatedServo servo, int error, byte[] data)
    {
        var alert = servo.Faults != 0 ? 0x80 : 0;
        var body = Stuffed([Status, (byte)(error | alert), .. data]);
        var length = body.Length + 2;
        byte[] bytes = [0xFF, 0xFF, 0xFD, 0, (byte)servo.Id, (byte)length, (byte)(length >> 8), .. body];
        var crc = Crc(bytes);
        return [.. bytes, (byte)crc, (byte)(crc >> 8)];
    }

    /// <summary>Polynomial 8005, bit by bit.</summary>
    private static int Crc(ReadOnlySpan<byte> bytes)
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

    private static byte[] Stuffed(byte[] body)
    {
        var bytes = new List<byte>();
        foreach (var value in body)
        {
            bytes.Add(value);
            if (bytes is [.., 0xFF, 0xFF, 0xFD])
                bytes.Add(0xFD);
        }

        return [.. bytes];
    }

    private static byte[] Plain(byte[] body)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < body.Length; i++)
        {
            bytes.Add(body[i]);
            if (bytes is [.., 0xFF, 0xFF, 0xFD])
                i++;
        }

        return [.. bytes];
    }
}
