using System.Globalization;
using Vla.Actors.Robots;
using Vla.Runtime.Servos.Ports;
using Vla.Sensors;

namespace Vla.Runtime.Servos;

/// <summary>Talks to the servos on one serial line: asks, waits for answers, asks again, counts.</summary>
/// <remarks>
/// Used by one thread at a time. <see cref="SyncRead"/> and <see cref="SyncWrite"/> allocate nothing: they run at every
/// turn of a control loop. Answers are taken by who gave them: late ones, of a question before, count as damaged.
/// </remarks>
public sealed class ServoBus(ISerialPort port, IServoProtocol protocol, TimeProvider time, ServoNames names)
    : IDisposable
{
    /// <summary>
    /// Beyond the time on the wire, how long the answers of several servos may take, nanoseconds: USB and the kernel in
    /// between. An arm's loop has no time for more.
    /// </summary>
    public const long PatienceNs = 20 * MonotonicTime.NsPerMs;

    /// <summary>The same for an answer of a single servo, where nobody is in a hurry.</summary>
    public const long SinglePatienceNs = 100 * MonotonicTime.NsPerMs;

    private const long LongestSettlingNs = 500 * MonotonicTime.NsPerMs;

    /// <summary>A question of a single servo is asked so often at most.</summary>
    public const int Tries = 3;

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

    public string PortName => port.Name;

    public ServoNames Names => names;

    /// <summary>The line's speed.</summary>
    public int Baud
    {
        get => port.Baud;
        set => port.Baud = value;
    }

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

    /// <summary>Asks a servo whether it is there, once.</summary>
    /// <param name="id">Which.</param>
    /// <param name="isUrgent">Whether a loop waits: then no longer than <see cref="PatienceNs"/>.</param>
    /// <returns>What it says is wrong with it; null when it does not answer.</returns>
    public ServoFaults? Ping(int id, bool isUrgent = false)
    {
        Send(protocol.Ping(_packet, id));
        if (TryAnswer(id, 0, isUrgent ? PatienceNs : SinglePatienceNs, out var answer))
            return answer.Faults;
        if (!isUrgent)
            Settle();
        return null;
    }

    /// <summary>Asks every servo whether it is there.</summary>
    /// <returns>Numbers of those that are, each once.</returns>
    public IReadOnlyList<int> PingAll()
    {
        Send(protocol.Ping(_packet, id: null));
        var found = new SortedSet<int>();
        var deadlineNs = time.NowNs() + SinglePatienceNs + WireNs(protocol.AnswerLength(0) * 16);
        while (TryTake(deadlineNs, out var answer))
            found.Add(answer.Id);
        return [.. found];
    }

    /// <summary>Reads a register, with <see cref="Tries"/> tries.</summary>
    /// <exception cref="ServoException">No answer, or none that can be understood.</exception>
    public int Read(int id, ServoRegister register)
    {
        for (var attempt = 1; ; attempt++)
        {
            Send(protocol.Read(_packet, id, register.Address, register.Length));
            if (TryAnswer(id, register.Length, SinglePatienceNs, out var answer))
            {
                var value = register.Decode(_received.AsSpan(answer.DataAt, register.Length));
                if (attempt > 1)
                    Settle();
                return value;
            }

            if (attempt == Tries)
            {
                Settle();
                throw NoAnswer(id, $"to the question for its {register.Name}");
            }

            Interlocked.Increment(ref _retries);
        }
    }

    /// <summary>Writes a register, with <see cref="Tries"/> tries.</summary>
    /// <returns>What the servo says is wrong with it.</returns>
    /// <exception cref="ServoException">It does not confirm it, or the value does not fit.</exception>
    public ServoFaults Write(int id, ServoRegister register, int value)
    {
        Span<byte> data = stackalloc byte[4];
        register.Encode(value, data);
        for (var attempt = 1; ; attempt++)
        {
            Send(protocol.Write(_packet, id, register.Address, data[..register.Length]));
            var isConfirmed = TryAnswer(id, 0, SinglePatienceNs, out var answer);
            if (isConfirmed && attempt == 1)
                return answer.Faults;
            // Whose confirmation it was is not told, and some servos are set to give none: what counts is what is
            // there.
            if (isConfirmed || attempt == Tries)
            {
                Settle();
                return Read(id, register) == value
                    ? answer.Faults
                    : throw NoAnswer(id, $"when its {register.Name} is set to {value}");
            }

            Interlocked.Increment(ref _retries);
        }
    }

    /// <summary>Reads the same bytes of several servos, once.</summary>
    /// <param name="ids">Whose.</param>
    /// <param name="address">Of the first byte.</param>
    /// <param name="count">Bytes of each.</param>
    /// <param name="data">Receives one servo's after the other; as it was for those that do not answer.</param>
    /// <param name="faults">Receives what each says is wrong with it; -1 for those that do not answer.</param>
    /// <returns>How many answered.</returns>
    public int SyncRead(ReadOnlySpan<int> ids, int address, int count, Span<byte> data, Span<int> faults)
    {
        faults[..ids.Length].Fill(-1);
        Send(protocol.SyncRead(_packet, ids, address, count));
        var wireNs = WireNs(protocol.AnswerLength(count) * ids.Length);
        var answered = 0;
        var deadlineNs = time.NowNs() + PatienceNs + wireNs;
        while (answered < ids.Length && TryTake(deadlineNs, out var answer))
        {
            var place = ids.IndexOf(answer.Id);
            if (place < 0 || answer.Count != count || faults[place] >= 0)
            {
                Interlocked.Increment(ref _damaged);
                continue;
            }

            _received.AsSpan(answer.DataAt, count).CopyTo(data.Slice(place * count, count));
            faults[place] = (int)answer.Faults;
            answered++;
        }

        if (answered < ids.Length)
            Interlocked.Add(ref _missing, ids.Length - answered);
        return answered;
    }

    /// <summary>Counts a <see cref="SyncRead"/> as the repetition of another.</summary>
    public void NoteRetry() => Interlocked.Increment(ref _retries);

    /// <summary>Writes the same register of several servos; nobody confirms it.</summary>
    public void SyncWrite(ServoRegister register, ReadOnlySpan<int> ids, ReadOnlySpan<int> values)
    {
        Span<byte> data = stackalloc byte[register.Length * ids.Length];
        for (var i = 0; i < ids.Length; i++)
            register.Encode(values[i], data.Slice(i * register.Length, register.Length));
        Send(protocol.SyncWrite(_packet, ids, register.Address, register.Length, data));
    }

    public void Dispose() => port.Dispose();

    private void Send(int length)
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
    /// Lets the line fall silent after a question that seemed to have no answer: a late one carries nothing that
    /// tells it
    /// from the next question's.
    /// </summary>
    private void Settle()
    {
        var untilNs = time.NowNs() + LongestSettlingNs;
        while (time.NowNs() < untilNs)
        {
            (_count, _used, _isLate) = (0, 0, false);
            if (!Receive(time.NowNs() + SinglePatienceNs))
                return;
            Interlocked.Increment(ref _damaged);
        }
    }

    private bool TryAnswer(int id, int count, long patienceNs, out ServoAnswer answer)
    {
        var deadlineNs = time.NowNs() + patienceNs + WireNs(protocol.AnswerLength(count));
        while (TryTake(deadlineNs, out answer))
        {
            if (answer.Id == id && answer.Count == count)
                return true;
            Interlocked.Increment(ref _damaged);
        }

        Interlocked.Increment(ref _missing);
        return false;
    }

    /// <summary>Takes the next answer; its bytes lie in what was received until the next call.</summary>
    private bool TryTake(long deadlineNs, out ServoAnswer answer)
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
                Interlocked.Increment(ref _damaged);
                _used = used;
                Forget();
                continue;
            }

            if (!Receive(deadlineNs))
                return false;
        }
    }

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

    /// <summary>How long so many bytes take on the wire, nanoseconds: each is ten bits.</summary>
    private long WireNs(int bytes) => bytes * 10 * MonotonicTime.NsPerSecond / port.Baud;

    private ServoException NoAnswer(int id, string what) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{names.Of(id)} at {port.Name} gives no answer {what}: check its cable and the power supply"
            )
        );
}
