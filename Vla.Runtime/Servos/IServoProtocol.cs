namespace Vla.Runtime.Servos;

/// <summary>How packets to and from servos of one make are written: the second make is a second class.</summary>
internal interface IServoProtocol
{
    /// <summary>Bytes that the answer to a ping carries.</summary>
    int PingCount { get; }

    /// <summary>
    /// Writes the packet that asks a servo, or with the number that stands for all, every servo, whether it is there.
    /// </summary>
    /// <returns>The packet's length.</returns>
    int Ping(Span<byte> packet, int? id);

    /// <summary>Writes the packet that asks for some of a servo's bytes.</summary>
    int Read(Span<byte> packet, int id, int address, int count);

    /// <summary>Writes the packet that changes some of a servo's bytes.</summary>
    int Write(Span<byte> packet, int id, int address, ReadOnlySpan<byte> data);

    /// <summary>
    /// Writes the packet that asks several servos for the same bytes; they answer one after the other.
    /// </summary>
    int SyncRead(Span<byte> packet, ReadOnlySpan<int> ids, int address, int count);

    /// <summary>Writes the packet that changes the same bytes in several servos; nobody answers it.</summary>
    /// <param name="packet">Receives it.</param>
    /// <param name="ids">Whose.</param>
    /// <param name="address">Of the first byte.</param>
    /// <param name="count">Bytes for each.</param>
    /// <param name="data">One servo's after the other.</param>
    int SyncWrite(Span<byte> packet, ReadOnlySpan<int> ids, int address, int count, ReadOnlySpan<byte> data);

    /// <summary>The length of an answer that carries so many bytes.</summary>
    int AnswerLength(int count);

    /// <summary>Looks for an answer at the beginning of what came, past what is none.</summary>
    /// <param name="received">What came.</param>
    /// <param name="answer">The answer found.</param>
    /// <param name="used">Bytes that are done with, the answer's among them.</param>
    ServoAnswerKind Find(Span<byte> received, out ServoAnswer answer, out int used);
}

/// <summary>What was found in what came.</summary>
internal enum ServoAnswerKind
{
    /// <summary>No whole answer yet.</summary>
    None,

    /// <summary>An answer.</summary>
    Whole,

    /// <summary>Bytes that are no answer, or one whose checksum is wrong.</summary>
    Damaged,
}

/// <summary>One servo's answer.</summary>
/// <param name="Id">Whose.</param>
/// <param name="Faults">What it says is wrong with it.</param>
/// <param name="DataAt">Where its bytes begin in what came.</param>
/// <param name="Count">How many they are.</param>
internal readonly record struct ServoAnswer(int Id, ServoFaults Faults, int DataAt, int Count);
