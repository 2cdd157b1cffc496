namespace Vla.Runtime.ServoSimulation;

/// <summary>How packets look on a simulated line, after the maker's documents.</summary>
internal interface ISimulatedPackets
{
    /// <summary>Bytes of an address, and of a count.</summary>
    int AddressBytes { get; }

    /// <summary>Takes the next whole packet out of what has come; what is none is thrown away.</summary>
    /// <returns>Null when there is no whole packet yet.</returns>
    SimulatedPacket? TryTake(List<byte> received);

    /// <summary>A servo's answer.</summary>
    /// <param name="servo">Whose.</param>
    /// <param name="error">What was wrong with what it was told; 0 for nothing.</param>
    /// <param name="data">What it carries.</param>
    byte[] Answer(SimulatedServo servo, int error, byte[] data);
}

/// <summary>What a computer sent.</summary>
/// <param name="Id">To whom.</param>
/// <param name="Instruction">What it is to do.</param>
/// <param name="Data">The rest.</param>
internal sealed record SimulatedPacket(int Id, int Instruction, byte[] Data);
