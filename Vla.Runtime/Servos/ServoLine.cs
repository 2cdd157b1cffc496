using Vla.Actors.Robots;
using Vla.Runtime.Servos.Ports;
using Vla.Sensors;

namespace Vla.Runtime.Servos;

/// <summary>
/// Sends packets over a serial line, and finds the answers in what comes back: whole, late, damaged or not at all.
/// </summary>
/// <remarks>Used by one thread at a time; allocates nothing.</remarks>
internal sealed class ServoLine(ISerialPort port, IServoProtocol protocol, TimeProvider time) : IDisposable
{
    private const long LongestSettlingNs = 500 * MonotonicTime.NsPerMs;

    private readonly byte[] _packet = new byte[512];
    private readonly byte[] _received = new byte[2_048];
    private int _count;
    private int _used;
    private bool _isLate;
    private long _packets;
    private long _answers;
    private long _missing;
    private long _damaged;
    private long _retries;
    private long _faults;

    public string Name => port.Name;

    /// <summary>Bits a second.</summary>
    public int Baud
    {
        get => port.Baud;
        set => port.Baud = value;
    }

    /// <summary>Where a packet is written before <see cref="Send"/>.</summary>
    public Span<byte> Packet => _packet;

    /// <summary>From any thread.</summary>
    public BusTally Tally =>
        new(
            Interlocked.Read(ref _packets),
            Interlocked.Read(ref _answers),
            Interlocked.Read(ref _missing),
            Interlocked.Read(ref _damaged),
            Interlocked.Read(ref _retries),
            Interlocked.Read(ref _faults)
        );

    public void Dispose() => port.Dispose();

    /// <summary>Sends what was written into <see cref="Packet"/>.</summary>
    /// <param name="length">The packet's.</param>
    /// <exception cref="RobotLostException">The port is gone.</exception>
    public void Send(int length)
    {
        try
        {
            // Whatever still comes belongs to a question before.
            port.DiscardInput();
            (_count, _used, _isLate) = (0, 0, false);
            port.Write(_packet.AsSpan(0, length));
        }
        catch (SerialPortLostException exception)
        {
            throw new RobotLostException(exception.Message, exception);
        }

        Interlocked.Increment(ref _packets);
    }

    /// <summary>
    /// Lets the line fall silent after a question that seemed to have no answer: a late one carries nothing that tells
    /// it from the next question's.
    /// </summary>
    /// <param name="silenceNs">How long nothing comes when it is silent, nanoseconds.</param>
    public void Settle(long silenceNs)
    {
        var untilNs = time.NowNs() + LongestSettlingNs;
        while (time.NowNs() < untilNs)
        {
            (_count, _used, _isLate) = (0, 0, false);
            if (!Receive(time.NowNs() + silenceNs))
                return;
            CountDamaged();
        }
    }

    /// <summary>Takes the next answer, whoever gave it.</summary>
    /// <param name="deadlineNs">Until when to wait for it, monotonic nanoseconds.</param>
    /// <param name="answer">Its bytes, <see cref="DataOf"/>, are there until the next call.</param>
    public bool TryTake(long deadlineNs, out ServoAnswer answer)
    {
        Forget();
        while (true)
        {
            var kind = protocol.Find(_received.AsSpan(0, _count), out answer, out var used);
            if (kind == ServoAnswerKind.Whole)
            {
                _used = used;
                Interlocked.Increment(ref _answers);
                if (answer.Faults != 0)
                    Interlocked.Increment(ref _faults);
                return true;
            }

            if (kind == ServoAnswerKind.Damaged)
            {
                CountDamaged();
                _used = used;
                Forget();
                continue;
            }

            if (!Receive(deadlineNs))
                return false;
        }
    }

    /// <summary>What an answer carries.</summary>
    public ReadOnlySpan<byte> DataOf(in ServoAnswer answer) => _received.AsSpan(answer.DataAt, answer.Count);

    /// <summary>How long the answers of several servos take on the wire, nanoseconds: a byte is ten bits.</summary>
    /// <param name="count">Bytes that each carries.</param>
    /// <param name="answers">How many answers.</param>
    public long WireNs(int count, int answers = 1) =>
        protocol.AnswerLength(count) * answers * 10 * MonotonicTime.NsPerSecond / port.Baud;

    public void CountMissing(int answers = 1) => Interlocked.Add(ref _missing, answers);

    public void CountDamaged() => Interlocked.Increment(ref _damaged);

    public void CountRetry() => Interlocked.Increment(ref _retries);

    private void Forget()
    {
        if (_used == 0)
            return;
        _received.AsSpan(_used, _count - _used).CopyTo(_received);
        (_count, _used) = (_count - _used, 0);
    }

    private bool Receive(long deadlineNs)
    {
        // A line full of noise must not be read for ever.
        if (_count == _received.Length)
            (_count, _used) = (0, 0);
        var leftNs = deadlineNs - time.NowNs();
        // Once more when it is over: this process may have been away meanwhile, and the answer there all the time.
        if (leftNs <= 0 && _isLate)
            return false;
        _isLate = leftNs <= 0;
        try
        {
            var count = port.Read(_received.AsSpan(_count), Math.Max(0, leftNs));
            _count += count;
            return count > 0 || !_isLate;
        }
        catch (SerialPortLostException exception)
        {
            throw new RobotLostException(exception.Message, exception);
        }
    }
}
