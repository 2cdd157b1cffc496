using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Servos.Ports;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Servos;

/// <summary>
/// A serial port whose other end is a simulated bus, in time that passes only while somebody waits for an answer.
/// </summary>
internal sealed class SimulatedPort(SimulatedBus bus, FakeTimeProvider time) : ISerialPort
{
    private byte[] _heard = [];

    public string Name => "/dev/simulated";

    public int Baud
    {
        get => bus.Baud;
        set => bus.Baud = value;
    }

    /// <summary>While true, the port is gone.</summary>
    public bool IsGone { get; set; }

    public bool IsDisposed { get; private set; }

    private double Now => time.NowNs() / 1e9;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        RequireThere();
        bus.Send(bytes, Now);
    }

    public int Read(Span<byte> bytes, long patienceNs)
    {
        RequireThere();
        if (_heard.Length == 0)
            _heard = bus.Receive(Now);
        if (_heard.Length == 0)
        {
            var wait = bus.NextDue is { } due && due - Now <= patienceNs / 1e9 ? due - Now : patienceNs / 1e9;
            // A fake clock counts in steps of 0.1 µs.
            time.Advance(TimeSpan.FromTicks((long)Math.Ceiling(wait * 1e7) + 1));
            _heard = bus.Receive(Now);
        }

        var count = Math.Min(bytes.Length, _heard.Length);
        _heard.AsSpan(0, count).CopyTo(bytes);
        _heard = _heard[count..];
        return count;
    }

    public void DiscardInput()
    {
        RequireThere();
        _heard = [];
        bus.Receive(Now);
    }

    public void Dispose() => IsDisposed = true;

    private void RequireThere()
    {
        if (IsGone)
            throw new SerialPortLostException($"{Name} is gone: plug it in again");
    }
}
