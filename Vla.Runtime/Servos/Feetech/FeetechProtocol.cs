namespace Vla.Runtime.Servos.Feetech;

/// <summary>
/// Packets of Feetech's STS and SMS servos (protocol 0): <c>FF FF ID LENGTH INSTRUCTION … CHECKSUM</c>.
/// </summary>
internal sealed class FeetechProtocol : IServoProtocol
{
    /// <summary>Of all servos.</summary>
    public const int Everybody = 0xFE;

    public const byte PingInstruction = 0x01;
    public const byte ReadInstruction = 0x02;
    public const byte WriteInstruction = 0x03;
    public const byte SyncReadInstruction = 0x82;
    public const byte SyncWriteInstruction = 0x83;

    private const byte Start = 0xFF;

    /// <summary>The highest number that a servo can have.</summary>
    private const int HighestId = 252;

    /// <summary>Two start bytes, whose, how long, instruction or faults.</summary>
    private const int HeaderLength = 5;

    /// <summary>A servo's answer carries no more.</summary>
    private const int LongestAnswer = 250;

    public int PingCount => 0;

    public int Ping(Span<byte> packet, int? id) => Finish(packet, id ?? Everybody, PingInstruction, 0);

    public int Read(Span<byte> packet, int id, int address, int count)
    {
        (packet[HeaderLength], packet[HeaderLength + 1]) = ((byte)address, (byte)count);
        return Finish(packet, id, ReadInstruction, 2);
    }

    public int Write(Span<byte> packet, int id, int address, ReadOnlySpan<byte> data)
    {
        packet[HeaderLength] = (byte)address;
        data.CopyTo(packet[(HeaderLength + 1)..]);
        return Finish(packet, id, WriteInstruction, 1 + data.Length);
    }

    public int SyncRead(Span<byte> packet, ReadOnlySpan<int> ids, int address, int count)
    {
        (packet[HeaderLength], packet[HeaderLength + 1]) = ((byte)address, (byte)count);
        for (var i = 0; i < ids.Length; i++)
            packet[HeaderLength + 2 + i] = (byte)ids[i];
        return Finish(packet, Everybody, SyncReadInstruction, 2 + ids.Length);
    }

    public int SyncWrite(Span<byte> packet, ReadOnlySpan<int> ids, int address, int count, ReadOnlySpan<byte> data)
    {
        (packet[HeaderLength], packet[HeaderLength + 1]) = ((byte)address, (byte)count);
        var at = HeaderLength + 2;
        for (var i = 0; i < ids.Length; i++)
        {
            packet[at++] = (byte)ids[i];
            data.Slice(i * count, count).CopyTo(packet[at..]);
            at += count;
        }

        return Finish(packet, Everybody, SyncWriteInstruction, at - HeaderLength);
    }

    public int AnswerLength(int count) => HeaderLength + count + 1;

    public ServoAnswerKind Find(Span<byte> received, out ServoAnswer answer, out int used)
    {
        (answer, used) = (default, 0);
        var at = received.IndexOf([Start, Start]);
        if (at < 0)
        {
            // Its last byte may be the first of an answer.
            used = received.Length - (received.Length > 0 && received[^1] == Start ? 1 : 0);
            return used > 0 ? ServoAnswerKind.Damaged : ServoAnswerKind.None;
        }

        // Of more than two start bytes the last two begin the answer: no servo has the number FF.
        while (at + 2 < received.Length && received[at + 2] == Start)
            at++;
        if (at > 0)
        {
            used = at;
            return ServoAnswerKind.Damaged;
        }

        if (received.Length < HeaderLength)
            return ServoAnswerKind.None;
        int length = received[3];
        if (length is < 2 or > LongestAnswer || received[2] > HighestId)
        {
            used = 2;
            return ServoAnswerKind.Damaged;
        }

        if (received.Length < length + 4)
            return ServoAnswerKind.None;
        if (Checksum(received[2..(length + 3)]) != received[length + 3])
        {
            // Not all of it: the length itself may be what is wrong, and an answer may follow.
            used = 2;
            return ServoAnswerKind.Damaged;
        }

        used = length + 4;
        answer = new ServoAnswer(received[2], (ServoFaults)received[4], HeaderLength, length - 2);
        return ServoAnswerKind.Whole;
    }

    private static int Finish(Span<byte> packet, int id, byte instruction, int parameters)
    {
        (packet[0], packet[1], packet[2]) = (Start, Start, (byte)id);
        (packet[3], packet[4]) = ((byte)(parameters + 2), instruction);
        var length = HeaderLength + parameters;
        packet[length] = Checksum(packet[2..length]);
        return length + 1;
    }

    private static byte Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0;
        foreach (var value in bytes)
            sum += value;
        return (byte)~sum;
    }
}
