using System.Globalization;
using System.Runtime.InteropServices;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Servos.Ports;

/// <summary>A serial port, or a pseudo-terminal, on Linux.</summary>
/// <remarks>
/// By system calls of its own: with System.IO.Ports an answer over a pseudo-terminal takes 2.4
/// ms (99 % of them 6.7 ms), more than the 1.5 ms that six servos' states take on the wire. Nobody else can open it
/// meanwhile.
/// </remarks>
internal sealed unsafe class LinuxSerialPort : ISerialPort
{
    private const long LongestWriteNs = 200 * MonotonicTime.NsPerMs;

    private int _handle;
    private int _baud;

    /// <exception cref="RobotException">It cannot be opened; the message says why, and what to do.</exception>
    public LinuxSerialPort(string name, int baud)
    {
        Name = name;
        _handle = LinuxTerminal.Open(
            name,
            LinuxTerminal.ReadWrite
                | LinuxTerminal.NoControllingTerminal
                | LinuxTerminal.NonBlocking
                | LinuxTerminal.CloseOnExec
        );
        if (_handle < 0)
            throw CannotOpen(Marshal.GetLastPInvokeError());
        try
        {
            // Root may open what is exclusive; a lock holds for root too.
            if (LinuxTerminal.Lock(_handle, LinuxTerminal.LockExclusively | LinuxTerminal.LockNow) < 0)
                throw CannotOpen(LinuxTerminal.Busy);
            Baud = baud;
            LinuxTerminal.Control(_handle, LinuxTerminal.SetExclusive, null);
            DiscardInput();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; }

    public int Baud
    {
        get => _baud;
        set
        {
            var settings = default(LinuxTerminal.Settings);
            if (LinuxTerminal.Control(_handle, LinuxTerminal.GetSettings, &settings) < 0)
                throw CannotOpen(Marshal.GetLastPInvokeError());
            (settings.Input, settings.Output, settings.Local) = (0, 0, 0);
            settings.Line = LinuxTerminal.RawLine;
            (settings.InputSpeed, settings.OutputSpeed) = ((uint)value, (uint)value);
            if (LinuxTerminal.Control(_handle, LinuxTerminal.SetSettings, &settings) < 0)
            {
                throw new RobotException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"serial port {Name} does not take {value} bits a second"
                    )
                );
            }

            _baud = value;
        }
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* first = bytes)
                written = LinuxTerminal.Write(_handle, first, bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == LinuxTerminal.Interrupted)
                continue;
            if (error != LinuxTerminal.Again)
                throw Lost(error);
            if (!Wait(LinuxTerminal.PollOut, LongestWriteNs))
                throw new SerialPortLostException($"{Name} takes nothing: unplug it and plug it in again");
        }
    }

    public int Read(Span<byte> bytes, long patienceNs)
    {
        if (!Wait(LinuxTerminal.PollIn, patienceNs))
            return 0;
        nint count;
        fixed (byte* first = bytes)
            count = LinuxTerminal.Read(_handle, first, bytes.Length);
        if (count > 0)
            return (int)count;
        // Ready and empty is how a device ends.
        var error = count == 0 ? LinuxTerminal.NoDevice : Marshal.GetLastPInvokeError();
        return error is LinuxTerminal.Again or LinuxTerminal.Interrupted ? 0 : throw Lost(error);
    }

    public void DiscardInput()
    {
        if (LinuxTerminal.Control(_handle, LinuxTerminal.Flush, (void*)LinuxTerminal.FlushInput) < 0)
            throw Lost(Marshal.GetLastPInvokeError());
    }

    public void Dispose()
    {
        var handle = Interlocked.Exchange(ref _handle, -1);
        if (handle >= 0)
            _ = LinuxTerminal.Close(handle);
    }

    private bool Wait(short what, long patienceNs)
    {
        var entry = new LinuxTerminal.PollEntry { Handle = _handle, Wanted = what };
        var patience = new LinuxTerminal.Span
        {
            Seconds = patienceNs / MonotonicTime.NsPerSecond,
            Nanoseconds = patienceNs % MonotonicTime.NsPerSecond,
        };
        var ready = LinuxTerminal.Poll(ref entry, 1, patience, 0);
        if (ready < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == LinuxTerminal.Interrupted ? false : throw Lost(error);
        }

        var isGone = (entry.Happened & (LinuxTerminal.PollHangUp | LinuxTerminal.PollError)) != 0;
        if (isGone && (entry.Happened & LinuxTerminal.PollIn) == 0)
            throw Lost(LinuxTerminal.NoDevice);
        return ready > 0;
    }

    private SerialPortLostException Lost(int error) =>
        new(
            $"{Name} is gone ({Marshal.GetPInvokeErrorMessage(error)}): plug the USB cable in again, "
                + "or try another cable or port"
        );

    private RobotException CannotOpen(int error) =>
        new(
            $"serial port {Name} cannot be opened: "
                + error switch
                {
                    LinuxTerminal.NoEntry or LinuxTerminal.NoDevice or LinuxTerminal.NoSuchAddress =>
                        "it is not there; plug the arm's USB cable in, ./vla find-port tells its name",
                    LinuxTerminal.NoPermission =>
                        "you may not; give yourself the right once (sudo usermod -aG dialout $USER) and log in anew",
                    LinuxTerminal.Busy => "another program has it; end that one",
                    LinuxTerminal.NotATerminal => "it is no serial port; ./vla find-port tells the arm's",
                    _ => Marshal.GetPInvokeErrorMessage(error),
                }
        );
}
