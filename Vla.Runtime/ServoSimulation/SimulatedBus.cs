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

    private readonly ISimulatedPackets _packets;
    private readonly Random _random;
    private readonly List<byte> _received = [];
    private readonly Queue<(double At, byte[] Bytes)> _answers = new();
    private readonly Dictionary<int, (int Address, byte[] Bytes)> _registered = [];
    private double _now;
    private double _freeAt;

    /// <param name="servos">In the order of the chain.</param>
    /// <param name="packets">How they talk; Feetech's when left out.</param>
    /// <param name="seed">Of what goes wrong.</param>
    public SimulatedBus(IReadOnlyList<SimulatedServo> servos, ISimulatedPackets? packets = null, int seed = 1)
    {
        (Servos, _packets, _random) = (servos, packets ?? new FeetechPackets(), new Random(seed));
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
    public static SimulatedBus So101() => Feetech(SimulatedJoint.So101());

    /// <summary>The six servos of a Koch v1.1, or of its leader.</summary>
    public static SimulatedBus Koch(bool isLeader = false) => Dynamixel(SimulatedJoint.Koch(), isLeader);

    /// <summary>An STS3215 at each joint.</summary>
    public static SimulatedBus Feetech(IReadOnlyList<SimulatedJoint> joints) =>
        new([.. joints.Select((joint, i) => new FeetechServo(i + 1, joint))]);

    /// <summary>The servos that a Koch v1.1 has at each joint, or its leader.</summary>
    public static SimulatedBus Dynamixel(IReadOnlyList<SimulatedJoint> joints, bool isLeader)
    {
        return new SimulatedBus(
            [.. joints.Select((joint, i) => new DynamixelServo(i + 1, joint, ModelOf(i)))],
            new DynamixelPackets()
        );

        DynamixelModel ModelOf(int place) =>
            isLeader ? DynamixelModel.Xl330M077
            : place < 2 ? DynamixelModel.Xl430
            : DynamixelModel.Xl330M288;
    }

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
        while (_packets.TryTake(_received) is { } packet)
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

    private void Obey(SimulatedPacket packet)
    {
        if (Happens(Conditions.Lost))
            return;
        var (id, data, wide) = (packet.Id, packet.Data, _packets.AddressBytes);
        switch (packet.Instruction)
        {
            case 0x01:
                foreach (var servo in Addressed(id))
                    Answer(servo, 0, servo.PingData);
                break;
            case 0x02 when data.Length == 2 * wide:
                foreach (var servo in Addressed(id))
                    Answer(servo, 0, servo.Read(Number(data, 0), Number(data, 1)));
                break;
            case 0x03 when data.Length > wide:
                foreach (var servo in Addressed(id))
                    Confirm(servo, id, () => servo.Write(Number(data, 0), data.AsSpan(wide)));
                break;
            case 0x04 when data.Length > wide:
                foreach (var servo in Addressed(id))
                {
                    _registered[servo.Id] = (Number(data, 0), data[wide..]);
                    Confirm(servo, id, () => 0);
                }

                break;
            case 0x05:
                foreach (var servo in Addressed(id).Where(servo => _registered.ContainsKey(servo.Id)))
                {
                    var (address, bytes) = _registered[servo.Id];
                    servo.Write(address, bytes);
                }

                break;
            case 0x82 when data.Length > 2 * wide && id == Everybody:
                foreach (var asked in data[(2 * wide)..])
                {
                    foreach (var servo in Addressed(asked))
                        Answer(servo, 0, servo.Read(Number(data, 0), Number(data, 1)));
                }

                break;
            case 0x83 when data.Length > 2 * wide && id == Everybody:
                var (first, each) = (Number(data, 0), Number(data, 1));
                for (var at = 2 * wide; at + each < data.Length; at += each + 1)
                {
                    foreach (var servo in Addressed(data[at]))
                        servo.Write(first, data.AsSpan(at + 1, each));
                }

                break;
        }
    }

    /// <summary>An address or a count.</summary>
    private int Number(byte[] data, int place) =>
        _packets.AddressBytes == 1 ? data[place] : data[2 * place] | (data[2 * place + 1] << 8);

    private List<SimulatedServo> Addressed(int id) =>
        [.. Servos.Where(servo => !servo.IsDead && servo.Baud == Baud && (id == Everybody || servo.Id == id))];

    private void Confirm(SimulatedServo servo, int id, Func<int> act)
    {
        // The answer is in the old number's name, whatever is changed (taken).
        var answer = _packets.Answer(servo, 0, []);
        var confirms = servo.Confirms && id != Everybody;
        var error = act();
        if (confirms)
            Answer(servo, error == 0 ? answer : _packets.Answer(servo, error, []));
    }

    private void Answer(SimulatedServo servo, int error, byte[] data) =>
        Answer(servo, _packets.Answer(servo, error, data));

    private void Answer(SimulatedServo servo, byte[] bytes)
    {
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
