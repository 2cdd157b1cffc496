namespace Vla.Runtime.Servos.Ports;

/// <summary>
/// A serial line, 8 data bits, no parity, one stop bit, raw in both directions. Used by one thread at a time.
/// </summary>
internal interface ISerialPort : IDisposable
{
    /// <summary>As it was opened: <c>/dev/ttyACM0</c>.</summary>
    string Name { get; }

    /// <summary>Bits a second.</summary>
    int Baud { get; set; }

    /// <summary>Sends all of it.</summary>
    /// <exception cref="SerialPortLostException">The port is gone.</exception>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Waits until something has come, and takes what is there.</summary>
    /// <param name="bytes">Receives it.</param>
    /// <param name="patienceNs">How long to wait, nanoseconds; 0 for not at all.</param>
    /// <returns>How many; 0 when nothing came in time.</returns>
    /// <exception cref="SerialPortLostException">The port is gone.</exception>
    int Read(Span<byte> bytes, long patienceNs);

    /// <summary>Throws away what has come and was not read.</summary>
    /// <exception cref="SerialPortLostException">The port is gone.</exception>
    void DiscardInput();
}
