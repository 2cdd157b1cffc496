using System.Globalization;
using Vla.Runtime.Servos.Ports;
using Vla.Sensors;

namespace Vla.Runtime.Servos;

/// <summary>Talks to the servos on one serial line: asks, waits for answers, asks again, counts.</summary>
/// <remarks>
/// Used by one thread at a time. <see cref="SyncRead"/>, <see cref="TrySyncRead"/> and <see cref="SyncWrite"/> allocate
/// nothing: they run at every turn of a control loop. Answers are taken by who gave them: late ones, of a question
/// before, count as damaged.
/// </remarks>
internal sealed class ServoBus(ISerialPort port, ServoMake make, TimeProvider time, ServoNames names) : IDisposable
{
    /// <summary>
    /// Beyond the time on the wire, how long the answers of several servos may take, nanoseconds: USB and the kernel in
    /// between. An arm's loop has no time for more.
    /// </summary>
    public const long PatienceNs = 20 * MonotonicTime.NsPerMs;

    /// <summary>The same for an answer of a single servo, where nobody is in a hurry.</summary>
    public const long SinglePatienceNs = 100 * MonotonicTime.NsPerMs;

    /// <summary>A question of a single servo is asked so often at most.</summary>
    public const int Tries = 3;

    private readonly IServoProtocol _protocol = make.Protocol;
    private readonly ServoLine _line = new(port, make.Protocol, time);

    public string PortName => _line.Name;

    public ServoNames Names => names;

    /// <summary>Of all servos on the line.</summary>
    public ServoMake Make => make;

    /// <summary>The line's speed.</summary>
    public int Baud
    {
        get => _line.Baud;
        set => _line.Baud = value;
    }

    /// <summary>From any thread.</summary>
    public BusTally Tally => _line.Tally;

    /// <summary>Asks a servo whether it is there, once.</summary>
    /// <param name="id">Which.</param>
    /// <param name="isUrgent">Whether a loop waits: then no longer than <see cref="PatienceNs"/>.</param>
    /// <returns>What it says is wrong with it; null when it does not answer.</returns>
    public ServoFaults? Ping(int id, bool isUrgent = false)
    {
        _line.Send(_protocol.Ping(_line.Packet, id));
        if (TryAnswer(id, _protocol.PingCount, isUrgent ? PatienceNs : SinglePatienceNs, out var answer))
            return answer.Faults;
        if (!isUrgent)
            _line.Settle(SinglePatienceNs);
        return null;
    }

    /// <summary>
    /// Which of some servos do not answer, and where to look; null when all do. Each is asked twice: one answer may get
    /// lost.
    /// </summary>
    /// <param name="ids">In the order of the chain.</param>
    /// <param name="isUrgent">Whether a loop waits.</param>
    public string? Silence(IReadOnlyList<int> ids, bool isUrgent = false)
    {
        var silent = ids.Where(id => Ping(id, isUrgent) is null && Ping(id, isUrgent) is null).ToList();
        return silent.Count == 0 ? null : $"{PortName}: {names.WhereToLook(silent, ids)}";
    }

    /// <summary>Asks every servo whether it is there.</summary>
    /// <returns>Numbers of those that are, each once.</returns>
    public IReadOnlyList<int> PingAll()
    {
        _line.Send(_protocol.Ping(_line.Packet, id: null));
        var found = new SortedSet<int>();
        var deadlineNs = time.NowNs() + SinglePatienceNs + _line.WireNs(0, answers: 16);
        while (_line.TryTake(deadlineNs, out var answer))
            found.Add(answer.Id);
        return [.. found];
    }

    /// <summary>Reads a register, with <see cref="Tries"/> tries.</summary>
    /// <exception cref="ServoException">No answer, or none that can be understood.</exception>
    public int Read(int id, ServoRegister register)
    {
        for (var attempt = 1; ; attempt++)
        {
            _line.Send(_protocol.Read(_line.Packet, id, register.Address, register.Length));
            if (TryAnswer(id, register.Length, SinglePatienceNs, out var answer))
            {
                var value = register.Decode(_line.DataOf(answer));
                if (attempt > 1)
                    _line.Settle(SinglePatienceNs);
                return value;
            }

            if (attempt == Tries)
            {
                _line.Settle(SinglePatienceNs);
                throw NoAnswer(id, $"to the question for its {register.Name}");
            }

            _line.CountRetry();
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
            _line.Send(_protocol.Write(_line.Packet, id, register.Address, data[..register.Length]));
            var isConfirmed = TryAnswer(id, 0, SinglePatienceNs, out var answer);
            if (isConfirmed && attempt == 1)
                return answer.Faults;
            // Whose confirmation it was is not told, and some servos are set to give none: what counts is what is
            // there.
            if (isConfirmed || attempt == Tries)
            {
                _line.Settle(SinglePatienceNs);
                return Read(id, register) == value
                    ? answer.Faults
                    : throw NoAnswer(id, $"when its {register.Name} is set to {value}");
            }

            _line.CountRetry();
        }
    }

    /// <summary>Writes a register, which has to be taken.</summary>
    /// <exception cref="ServoException">It does not confirm it, refuses it, or the value does not fit.</exception>
    public void Set(int id, ServoRegister register, int value)
    {
        if (!Write(id, register, value).HasFlag(ServoFaults.Instruction))
            return;
        throw new ServoException(
            $"{names.Of(id)} at {_line.Name} does not take {register.Name} {value}: power the arm off and on"
        );
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
        _line.Send(_protocol.SyncRead(_line.Packet, ids, address, count));
        var answered = 0;
        var deadlineNs = time.NowNs() + PatienceNs + _line.WireNs(count, ids.Length);
        while (answered < ids.Length && _line.TryTake(deadlineNs, out var answer))
        {
            var place = ids.IndexOf(answer.Id);
            if (place < 0 || answer.Count != count || faults[place] >= 0)
            {
                _line.CountDamaged();
                continue;
            }

            _line.DataOf(answer).CopyTo(data.Slice(place * count, count));
            faults[place] = (int)answer.Faults;
            answered++;
        }

        if (answered < ids.Length)
            _line.CountMissing(ids.Length - answered);
        return answered;
    }

    /// <summary>Reads the same register of several servos, once.</summary>
    /// <param name="register">Which.</param>
    /// <param name="ids">Whose.</param>
    /// <param name="values">Receives one for each, when all have answered; otherwise it is as it was.</param>
    /// <returns>Whether all have answered.</returns>
    public bool TrySyncRead(ServoRegister register, ReadOnlySpan<int> ids, Span<int> values)
    {
        Span<byte> data = stackalloc byte[register.Length * ids.Length];
        Span<int> faults = stackalloc int[ids.Length];
        if (SyncRead(ids, register.Address, register.Length, data, faults) < ids.Length)
            return false;
        for (var i = 0; i < ids.Length; i++)
            values[i] = register.Decode(data.Slice(i * register.Length, register.Length));
        return true;
    }

    /// <summary>Counts a <see cref="SyncRead"/> as the repetition of another.</summary>
    public void NoteRetry() => _line.CountRetry();

    /// <summary>Writes the same register of several servos; nobody confirms it.</summary>
    public void SyncWrite(ServoRegister register, ReadOnlySpan<int> ids, ReadOnlySpan<int> values)
    {
        Span<byte> data = stackalloc byte[register.Length * ids.Length];
        for (var i = 0; i < ids.Length; i++)
            register.Encode(values[i], data.Slice(i * register.Length, register.Length));
        _line.Send(_protocol.SyncWrite(_line.Packet, ids, register.Address, register.Length, data));
    }

    public void Dispose() => _line.Dispose();

    private bool TryAnswer(int id, int count, long patienceNs, out ServoAnswer answer)
    {
        var deadlineNs = time.NowNs() + patienceNs + _line.WireNs(count);
        while (_line.TryTake(deadlineNs, out answer))
        {
            if (answer.Id == id && answer.Count == count)
                return true;
            _line.CountDamaged();
        }

        _line.CountMissing();
        return false;
    }

    private ServoException NoAnswer(int id, string what) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{names.Of(id)} at {_line.Name} gives no answer {what}: check its cable and the power supply"
            )
        );
}
