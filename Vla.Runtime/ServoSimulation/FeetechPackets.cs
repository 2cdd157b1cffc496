namespace Vla.Runtime.ServoSimulation;

/// <summary>Feetech's: two start bytes, a sum at the end.</summary>
internal sealed class FeetechPackets : ISimulatedPackets
{
    public int AddressBytes => 1;

    public SimulatedPacket? TryTake(List<byte> received)
    {
        while (received.Count >= 4)
        {
            var isStart = received[0] == 0xFF && received[1] == 0xFF && received[2] != 0xFF;
            if (!isStart)
            {
                received.RemoveAt(0);
                continue;
            }

            var length = received[3] + 4;
            if (length < 6)
            {
                received.RemoveRange(0, 2);
                continue;
            }

            if (received.Count < length)
                return null;
            byte[] packet = [.. received[..length]];
            if (Sum(packet) != packet[^1])
            {
                received.RemoveRange(0, 2);
                continue;
            }

            received.RemoveRange(0, length);
            return new SimulatedPacket(packet[2], packet[4], packet[5..^1]);
        }

        return null;
    }

    public byte[] Answer(SimulatedServo servo, int error, byte[] data)
    {
        byte[] bytes = [0xFF, 0xFF, (byte)servo.Id, (byte)(data.Length + 2), servo.Faults, .. data, 0];
        bytes[^1] = Sum(bytes);
        return bytes;
    }

    private static byte Sum(byte[] packet)
    {
        var sum = 0;
        for (var i = 2; i < packet.Length - 1; i++)
            sum += packet[i];
        return (byte)~sum;
    }
}
