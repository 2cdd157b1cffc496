using System.IO.Ports;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Servos.Ports;

/// <summary>A serial port by System.IO.Ports: for macOS and Windows.</summary>
internal sealed class SystemSerialPort : ISerialPort
{
    private readonly SerialPort _port;
    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[512];

    /// <exception cref="RobotException">It cannot be opened; the message says why, and what to do.</exception>
    public SystemSerialPort(string name, int baud)
    {
        _port = new SerialPort(name, baud) { WriteTimeout = 200 };
        try
        {
            _port.Open();
            _stream = _port.BaseStream;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _port.Dispose();
            throw new RobotException(
                $"serial port {name} cannot be opened: {exception.Message.ReplaceLineEndings(" ")}; "
                    + "./vla find-port tells the arm's, and no other program may have it open",
                exception
            );
        }
    }

    public string Name => _port.PortName;

    public int Baud
    {
        get => _port.BaudRate;
        set => _port.BaudRate = value;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            // Not the span itself: the stream's own write of one makes a copy of each.
            bytes.CopyTo(_buffer);
            _stream.Write(_buffer, 0, bytes.Length);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw Lost(exception);
        }
    }

    public int Read(Span<byte> bytes, long patienceNs)
    {
        try
        {
            if (patienceNs <= 0 && _port.BytesToRead == 0)
                return 0;
            _stream.ReadTimeout = (int)Math.Max(1, patienceNs / MonotonicTime.NsPerMs);
            var count = _stream.Read(_buffer, 0, Math.Min(bytes.Length, _buffer.Length));
            _buffer.AsSpan(0, count).CopyTo(bytes);
            return count;
        }
        catch (TimeoutException)
        {
            return 0;
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw Lost(exception);
        }
    }

    public void DiscardInput()
    {
        try
        {
            _port.DiscardInBuffer();
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw Lost(exception);
        }
    }

    public void Dispose()
    {
        try
        {
            _port.Dispose();
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            // It is gone as it is.
        }
    }

    private static bool IsLoss(Exception exception) =>
        exception is IOException or InvalidOperationException or UnauthorizedAccessException or TimeoutException;

    private SerialPortLostException Lost(Exception exception) =>
        new($"{Name} is gone ({exception.Message.ReplaceLineEndings(" ")}): plug the USB cable in again", exception);
}
