using System.Buffers.Binary;

namespace Vla.Runtime.Servos.Dynamixel;

/// <summary>
/// Packets of Dynamixel servos, protocol 2.0: <c>FF FF FD 00 ID LENGTH LENGTH INSTRUCTION … CRC CRC</c>.
/// </summary>
/// <remarks>
/// Source: ROBOTIS e-Manual, "Protocol 2.0". <c>FF FF FD</c> within a packet is followed by one more <c>FD</c>, so that
/// nothing in it looks like a beginning. Tried against packets of that manual and a simulated bus, never with a servo.
/// </remarks>
internal sealed class DynamixelProtocol : IServoProtocol
{
    /// <summary>Of all servos.</summary>
    public const int Everybody = 0xFE;

    public const byte PingInstruction = 0x01;
    public const byte ReadInstruction = 0x02;
    public const byte WriteInstruction = 0x03;
    public const byte StatusInstruction = 0x55;
    public const byte SyncReadInstruction = 0x82;
    public const byte SyncWriteInstruction = 0x83;

    /// <summary>The highest number that a servo can have.</summary>
    private const int HighestId = 252;

    /// <summary>Four start bytes, whose, how long, instruction.</summary>
    private const int HeaderLength = 8;

    /// <summary>Bytes before those that its length counts.</summary>
    private const int Uncounted = 7;

    private const int CrcLength = 2;

    /// <summary>An answer's length, its faults and checksum included.</summary>
    private const int LongestAnswer = 300;

    private static readonly byte[] Start = [0xFF, 0xFF, 0xFD, 0x00];

    /// <summary>A servo's answer to a ping tells its model and its firmware's version.</summary>
    public int PingCount => 3;

    public int Ping(Span<byte> packet, int? id) => Finish(packet, id ?? Everybody, PingInstruction, 0);

    public int Read(Span<byte> packet, int id, int address, int count)
    {
        PutRange(packet, address, count);
        return Finish(packet, id, ReadInstruction, 4);
    }

    public int Write(Span<byte> packet, int id, int address, ReadOnlySpan<byte> data)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(packet[HeaderLength..], (ushort)address);
        data.CopyTo(packet[(HeaderLength + 2)..]);
        return Finish(packet, id, WriteInstruction, 2 + data.Length);
    }

    public int SyncRead(Span<byte> packet, ReadOnlySpan<int> ids, int address, int count)
    {
        PutRange(packet, address, count);
        for (var i = 0; i < ids.Length; i++)
            packet[HeaderLength + 4 + i] = (byte)ids[i];
        return Finish(packet, Everybody, SyncReadInstruction, 4 + ids.Length);
    }

    public int SyncWrite(Span<byte> packet, ReadOnlySpan<int> ids, int address, int count, ReadOnlySpan<byte> data)
    {
        PutRange(packet, address, count);
        var at = HeaderLength + 4;
        for (var i = 0; i < ids.Length; i++)
        {
            packet[at++] = (byte)ids[i];
            data.Slice(i * count, count).CopyTo(packet[at..]);
            at += count;
        }

        return Finish(packet, Everybody, SyncWriteInstruction, at - HeaderLength);
    }

    public int AnswerLength(int count) => HeaderLength + 1 + count + CrcLength;

    public ServoAnswerKind Find(Span<byte> received, out ServoAnswer answer, out int used)
    {
        (answer, used) = (default, 0);
        var at = received.IndexOf(Start);
        if (at < 0)
        {
            // Its last bytes may be the first of an answer.
            var kept = Math.Min(Start.Length - 1, received.Length);
            while (!received[^kept..].SequenceEqual(Start.AsSpan(0, kept)))
                kept--;
            used = received.Length - kept;
            return used > 0 ? ServoAnswerKind.Damaged : ServoAnswerKind.None;
        }

        if (at > 0)
        {
            used = at;
            return ServoAnswerKind.Damaged;
        }

        if (received.Length < HeaderLength)
            return ServoAnswerKind.None;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(received[5..]);
        if (length is < 4 or > LongestAnswer || received[4] > HighestId || received[7] != StatusInstruction)
        {
            // Not all of it: the length itself may be what is wrong, and an answer may follow.
            used = Start.Length;
            return ServoAnswerKind.Damaged;
        }

        var end = Uncounted + length;
        if (received.Length < end)
            return ServoAnswerKind.None;
        var crcAt = end - CrcLength;
        if (Crc(received[..crcAt]) != BinaryPrimitives.ReadUInt16LittleEndian(received[crcAt..]))
        {
            used = Start.Length;
            return ServoAnswerKind.Damaged;
        }

        used = end;
        var faults = FaultsOf(received[HeaderLength]);
        var count = Unstuff(received[HeaderLength..crcAt]) - 1;
        answer = new ServoAnswer(received[4], faults, HeaderLength + 1, count);
        return ServoAnswerKind.Whole;
    }

    /// <summary>
    /// What an answer says is wrong: the highest bit for the servo itself, the others for what it was told.
    /// </summary>
    private static ServoFaults FaultsOf(byte error) =>
        ((error & 0x80) != 0 ? ServoFaults.Hardware : ServoFaults.None)
        | ((error & 0x7F) != 0 ? ServoFaults.Instruction : ServoFaults.None);

    private static void PutRange(Span<byte> packet, int address, int count)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(packet[HeaderLength..], (ushort)address);
        BinaryPrimitives.WriteUInt16LittleEndian(packet[(HeaderLength + 2)..], (ushort)count);
    }

    private static int Finish(Span<byte> packet, int id, byte instruction, int parameters)
    {
        Start.CopyTo(packet);
        (packet[4], packet[7]) = ((byte)id, instruction);
        var end = Stuff(packet, HeaderLength + parameters);
        BinaryPrimitives.WriteUInt16LittleEndian(packet[5..], (ushort)(end - Uncounted + CrcLength));
        BinaryPrimitives.WriteUInt16LittleEndian(packet[end..], Crc(packet[..end]));
        return end + CrcLength;
    }

    /// <summary>Puts one more FD behind each FF FF FD from the instruction on.</summary>
    /// <returns>Where it ends now.</returns>
    private static int Stuff(Span<byte> packet, int end)
    {
        for (var i = Uncounted + 2; i < end; i++)
        {
            if (packet[i] != 0xFD || packet[i - 1] != 0xFF || packet[i - 2] != 0xFF)
                continue;
            packet[(i + 1)..end].CopyTo(packet[(i + 2)..]);
            packet[++i] = 0xFD;
            end++;
        }

        return end;
    }

    /// <summary>Takes the FD behind each FF FF FD out again.</summary>
    /// <returns>How many bytes are left.</returns>
    private static int Unstuff(Span<byte> bytes)
    {
        var to = 0;
        for (var from = 0; from < bytes.Length; from++)
        {
            bytes[to++] = bytes[from];
            var isStuffed =
                to >= 3
                && bytes[to - 1] == 0xFD
                && bytes[to - 2] == 0xFF
                && bytes[to - 3] == 0xFF
                && from + 1 < bytes.Length
                && bytes[from + 1] == 0xFD;
            if (isStuffed)
                from++;
        }

        return to;
    }

    /// <summary>Polynomial 8005, beginning with 0, bits as they are.</summary>
    private static ushort Crc(ReadOnlySpan<byte> bytes)
    {
        ushort crc = 0;
        foreach (var value in bytes)
            crc = (ushort)((crc << 8) ^ Table[(crc >> 8) ^ value]);
        return crc;
    }

    private static readonly ushort[] Table = [.. Enumerable.Range(0, 256).Select(Remainder)];

    private static ushort Remainder(int value)
    {
        var crc = value << 8;
        for (var bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x8005 : crc << 1;
        return (ushort)crc;
    }
}
