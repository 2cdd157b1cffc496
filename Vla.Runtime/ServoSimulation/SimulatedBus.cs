namespace Vla.Runtime.ServoSimulation;

/// <summary>
/// The servos on one line: what goes in is what a computer sends, what comes out is what it hears, and when.
/// </summary>
/// <remarks>
/// Knows no port and no clock: whoever uses it says what time it is, seconds from any origin, never less than before.
/// Not for several threads at a time.
/// </remarks>
internal sealed class SimulatedBus
{
    private const byte Everybody = 0xFE;
    private const double LongestStep = 0.002;
    private const int BitsOfByte = 10;

    private readonly Random _random;
    private readonly List<byte> _received = [];
    private readonly Queue<(double At, byte[] Bytes)> _answers = new();
    private readonly Dictionary<int, (int Address, byte[] Bytes)> _registered = [];
    private double _now;
    private double _freeAt;

    /// <param name="servos">In the order of the chain.</param>
    /// <param name="seed">Of what goes wrong.</param>
    public SimulatedBus(IReadOnlyList<SimulatedServo> servos, int seed = 1)
    {
        (Servos, _random) = (servos, new Random(seed));
    }

    public IReadOnlyList<SimulatedServo> Servos { get; }

    public BusConditions Conditions { get; } = new();

    /// <summary>Bits a second that the computer has set: a servo that listens at another speed hears nothing.</summary>
    public int Baud { get; set; } = 1_000_000;

    /// <summary>Told before each step of time: whoever moves the arm by hand, or puts something in its way.</summary>
    public Action<double>? Passing { get; set; }

    /// <summary>When the next answer is due; null when none is.</summary>
    public double? NextDue => _answers.TryPeek(out var next) ? next.At : null;

    /// <summary>The six servos of an SO-101, numbered and otherwise as they left the factory.</summary>
    public static SimulatedBus So101(int seed = 1) =>
        new([.. SimulatedJoint.So101().Select((joint, i) => new SimulatedServo(i + 1, joint))], seed);

    /// <summary>Lets time pass until then.</summary>
    public void Pass(double now)
    {
        while (_now < now)
        {
            var step = Math.Min(LongestStep, now - _now);
            // Long nobody looked: an arm that has stood still needs no fine steps.
            if (now - _now > 10)
                _now = now - 10;
            _now += step;
            Passing?.Invoke(_now);
            foreach (var servo in Servos)
                servo.Step(step);
        }
    }

    /// <summary>Takes what the computer sends.</summary>
    public void Send(ReadOnlySpan<byte> bytes, double now)
    {
        Pass(now);
        _freeAt = Math.Max(_freeAt, now) + Seconds(bytes.Length);
        _received.AddRange(bytes);
        while (TryTakePacket(out var packet))
            Obey(packet);
    }

    /// <summary>Hands over what the computer has heard by then.</summary>
    public byte[] Receive(double now)
    {
        Pass(now);
        var heard = new List<byte>();
        while (_answers.TryPeek(out var next) && next.At <= now)
            heard.AddRange(_answers.Dequeue().Bytes);
        return [.. heard];
    }

    /// <summary>Forgets what is under way: the line was pulled out.</summary>
    public void Clear()
    {
        _received.Clear();
        _answers.Clear();
    }

    private bool TryTakePacket(out byte[] packet)
    {
        packet = [];
        while (_received.Count >= 4)
        {
            var isStart = _received[0] == 0xFF && _received[1] == 0xFF && _received[2] != 0xFF;
            if (!isStart)
            {
                _received.RemoveAt(0);
                continue;
            }

            var length = _received[3] + 4;
            if (length < 6)
            {
                _received.RemoveRange(0, 2);
                continue;
            }

            if (_received.Count < length)
                return false;
            packet = [.. _received[..length]];
            var sum = 0;
            for (var i = 2; i < length - 1; i++)
                sum += packet[i];
            if ((byte)~sum != packet[^1])
            {
                _received.RemoveRange(0, 2);
                continue;
            }

            _received.RemoveRange(0, length);
            return true;
        }

        return false;
    }

    private void Obey(byte[] packet)
    {
        if (Happens(Conditions.Lost))
            return;
        var (id, instruction, data) = (packet[2], packet[4], packet[5..^1]);
        switch (instruction)
        {
            case 0x01:
                foreach (var servo in Addressed(id))
                    Answer(servo, []);
                break;
            case 0x02 when data.Length == 2:
                foreach (var servo in Addressed(id))
                    Answer(servo, servo.Read(data[0], data[1]));
                break;
            case 0x03 when data.Length > 1:
                foreach (var servo in Addressed(id))
                    Confirm(servo, id, () => servo.Write(data[0], data.AsSpan(1)));
                break;
            case 0x04 when data.Length > 1:
                foreach (var servo in Addressed(id))
                    Confirm(servo, id, () => _registered[servo.Id] = (data[0], data[1..]));
                break;
            case 0x05:
                foreach (var servo in Addressed(id).Where(servo => _registered.ContainsKey(servo.Id)))
                {
                    var (address, bytes) = _registered[servo.Id];
                    servo.Write(address, bytes);
                }

                break;
            case 0x82 when data.Length > 2 && id == Everybody:
                foreach (var asked in data[2..])
                {
                    foreach (var servo in Addressed(asked))
                        Answer(servo, servo.Read(data[0], data[1]));
                }

                break;
            case 0x83 when data.Length > 2 && id == Everybody:
                var (first, each) = (data[0], data[1]);
                for (var at = 2; at + each < data.Length; at += each + 1)
                {
                    foreach (var servo in Addressed(data[at]))
                        servo.Write(first, data.AsSpan(at + 1, each));
                }

                break;
        }
    }

    private List<SimulatedServo> Addressed(int id) =>
        [.. Servos.Where(servo => !servo.IsDead && servo.Baud == Baud && (id == Everybody || servo.Id == id))];

    private void Confirm(SimulatedServo servo, int id, Action act)
    {
        // The answer is the old number's: it is given before the new one counts (taken).
        if (servo.Confirms && id != Everybody)
            Answer(servo, []);
        act();
    }

    private void Answer(SimulatedServo servo, byte[] data)
    {
        byte[] bytes = [0xFF, 0xFF, (byte)servo.Id, (byte)(data.Length + 2), servo.Faults, .. data, 0];
        var sum = 0;
        for (var i = 2; i < bytes.Length - 1; i++)
            sum += bytes[i];
        bytes[^1] = (byte)~sum;
        _freeAt += servo.AnswerDelay + Seconds(bytes.Length);
        if (Happens(Conditions.Lost))
            return;
        if (Happens(Conditions.Corrupt))
            bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        if (Happens(Conditions.Noise))
            bytes = [.. Noise(), .. bytes, .. Noise()];
        var at = _freeAt + Conditions.Latency + Conditions.Jitter * _random.NextDouble();
        // They come in order, however late one is.
        if (_answers.Count > 0)
            at = Math.Max(at, _answers.Max(answer => answer.At));
        _answers.Enqueue((at, bytes));
    }

    private byte[] Noise()
    {
        var bytes = new byte[_random.Next(4)];
        _random.NextBytes(bytes);
        return bytes;
    }

    private bool Happens(double share) => share > 0 && _random.NextDouble() < share;

    private double Seconds(int bytes) => bytes * BitsOfByte / (double)Baud;
}
