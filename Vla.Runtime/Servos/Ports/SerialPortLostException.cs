namespace Vla.Runtime.Servos.Ports;

/// <summary>
/// A serial port that was open is gone: unplugged, or switched off. The message says which, in one line.
/// </summary>
internal sealed class SerialPortLostException(string message, Exception? inner = null) : Exception(message, inner);
