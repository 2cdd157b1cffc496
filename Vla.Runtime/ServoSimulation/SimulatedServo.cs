namespace Vla.Runtime.ServoSimulation;

/// <summary>One servo with what it turns: registers, motor, weight, warmth.</summary>
/// <remarks>
/// Written after the servo's own documents. What these leave open is marked "taken": a real servo may differ there.
/// </remarks>
internal sealed class SimulatedServo
{
    private const int Turn = 4_096;
    private const int SignOfPosition = 15;
    private const int SignOfLoad = 10;
    private const int SignOfOffset = 11;

    /// <summary>How strongly it corrects a difference, of full torque for each step of it.</summary>
    private const double Stiffness = Eagerness / SimulatedJoint.FastestTurn;

    /// <summary>How fast it wants to be for each step that it is away, 1/s.</summary>
    private const double Eagerness = 15;

    private const double RoomTemperature = 28;

    /// <summary>Of full load, kelvins a second.</summary>
    private const double Heating = 2.5;

    /// <summary>Share of the warmth that is lost in a second.</summary>
    private const double Cooling = 0.02;

    /// <summary>At full load, in units of 6.5 mA: 2 A.</summary>
    private const double FullCurrent = 308;

    private readonly byte[] _table = new byte[ServoTable.Length];
    private readonly byte[] _kept = new byte[ServoTable.FirstVolatile];
    private double _overloadedSeconds;
    private bool _isOverloaded;
    private int _comesFrom;
    private double _load;

    /// <param name="id">Its number.</param>
    /// <param name="joint">What it turns.</param>
    public SimulatedServo(int id, SimulatedJoint joint)
    {
        Joint = joint;
        Angle = joint.Begins;
        foreach (var (address, value) in ServoTable.Factory)
            _table[address] = (byte)value;
        foreach (var (address, value) in ServoTable.FactoryWords)
            SetWord(address, value);
        _table[ServoTable.Id] = (byte)id;
        _table.AsSpan(0, ServoTable.FirstVolatile).CopyTo(_kept);
        Show();
    }

    public SimulatedJoint Joint { get; }

    /// <summary>Where the horn really is, steps, whatever the servo's offset makes of it.</summary>
    public double Angle { get; private set; }

    /// <summary>How fast it turns, steps a second.</summary>
    public double Speed { get; private set; }

    /// <summary>
    /// An angle that it cannot turn beyond, from whichever side it comes; null when nothing is in its way.
    /// </summary>
    public double? Obstacle
    {
        get;
        set
        {
            field = value;
            _comesFrom = 0;
        }
    }

    /// <summary>Warmth, °C.</summary>
    public double Temperature { get; set; } = RoomTemperature;

    /// <summary>Supply, volts.</summary>
    public double Voltage { get; set; } = 7.4;

    /// <summary>Whether it answers at all.</summary>
    public bool IsDead { get; set; }

    /// <summary>Where somebody's hand takes it; null while nobody does. A servo with torque resists.</summary>
    public double? Hand { get; set; }

    /// <summary>The largest speed that it had with its weight, downwards, steps a second.</summary>
    public double FastestSinking { get; set; }

    public int Id => _table[ServoTable.Id];

    public bool HasTorque => _table[ServoTable.TorqueEnable] == 1;

    /// <summary>Speed of the line that it listens at.</summary>
    public int Baud =>
        _table[ServoTable.Baud] switch
        {
            0 => 1_000_000,
            1 => 500_000,
            2 => 250_000,
            3 => 128_000,
            4 => 115_200,
            5 => 57_600,
            6 => 38_400,
            _ => 19_200,
        };

    /// <summary>How long it waits before it answers, seconds.</summary>
    public double AnswerDelay => _table[ServoTable.ReturnDelay] * 2e-6;

    /// <summary>Whether it confirms what is written.</summary>
    public bool Confirms => _table[ServoTable.AnswersTo] != 0;

    /// <summary>What it says is wrong with it.</summary>
    public byte Faults
    {
        get
        {
            var faults = 0;
            var volts = Voltage * 10;
            if (volts > _table[ServoTable.MostVoltage] || volts < _table[ServoTable.LeastVoltage])
                faults |= 1;
            if (Temperature > _table[ServoTable.MostTemperature])
                faults |= 4;
            if (_isOverloaded)
                faults |= 32;
            return (byte)faults;
        }
    }

    /// <summary>A byte of its table.</summary>
    public byte this[int address] => _table[address];

    /// <summary>A number of two bytes, the lower first.</summary>
    public int Word(int address) => _table[address] | (_table[address + 1] << 8);

    /// <summary>Reads its table; beyond the end there are zeros.</summary>
    public byte[] Read(int address, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count && address + i < ServoTable.Length; i++)
            bytes[i] = _table[address + i];
        return bytes;
    }

    /// <summary>Writes its table, and does what that means. What it only tells stays as it is.</summary>
    public void Write(int address, ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var at = address + i;
            if (at >= ServoTable.Length || at is <= ServoTable.Model + 1 or (>= ServoTable.Position and <= 70))
                continue;
            _table[at] = bytes[i];
            // Unlocked, it outlasts a loss of power. Locked it counts until then: taken.
            if (at < ServoTable.FirstVolatile && _table[ServoTable.Lock] == 0)
                _kept[at] = bytes[i];
            // Switching on again ends an overload: taken.
            if (at == ServoTable.TorqueEnable)
                (_isOverloaded, _overloadedSeconds) = (false, 0);
        }

        Show();
    }

    /// <summary>Switches the power off and on.</summary>
    public void CyclePower()
    {
        _kept.CopyTo(_table.AsSpan());
        _table[ServoTable.TorqueEnable] = 0;
        _table[ServoTable.Lock] = 1;
        SetWord(ServoTable.Goal, 0);
        SetWord(ServoTable.TorqueLimit, Word(ServoTable.MostTorque));
        (_isOverloaded, _overloadedSeconds, Speed) = (false, 0, 0);
        Show();
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="seconds">So short that it goes in one step: a few milliseconds.</param>
    public void Step(double seconds)
    {
        var torque = HasTorque ? Word(ServoTable.TorqueLimit) / 1_000.0 : 0;
        if (_isOverloaded)
            torque = Math.Min(torque, _table[ServoTable.ProtectiveTorque] / 100.0);
        if (HasTorque && Temperature > _table[ServoTable.MostTemperature])
            torque = 0;

        var way = Joint.LiesAt is { } lies ? lies - Angle : 0;
        var weight = Math.Abs(way) < 1 ? 0 : Joint.Weight;
        var wanted = Wanted(torque, weight, way);
        var most = SimulatedJoint.FastestSpeedUp * seconds;
        Speed += Math.Clamp(wanted - Speed, -most, most);
        Move(seconds);

        var difference = HasTorque ? GoalAngle - Angle : 0;
        _load =
            Math.Clamp(Math.Abs(difference) * Stiffness + (HasTorque ? weight : 0), 0, torque) * Math.Sign(difference);
        Warm(seconds);
        if (way != 0 && Math.Sign(Speed) == Math.Sign(way))
            FastestSinking = Math.Max(FastestSinking, Math.Abs(Speed));
        Show();
    }

    private double GoalAngle =>
        Math.Clamp(
            Signed(Word(ServoTable.Goal), SignOfPosition),
            Word(ServoTable.LeastPosition),
            Word(ServoTable.MostPosition)
        ) + Offset;

    private int Offset => Signed(Word(ServoTable.Offset), SignOfOffset);

    private double Wanted(double torque, double weight, double way)
    {
        if (Hand is { } hand && torque < 0.5)
            return (hand - Angle) * Eagerness;
        // Too weak to hold it: it sinks, the faster the weaker.
        if (torque < weight)
            return Math.Sign(way) * SimulatedJoint.FastestFall * (weight - torque) / weight;
        if (torque == 0)
            return 0;
        var fastest = SimulatedJoint.FastestTurn * (torque - weight);
        return Math.Clamp((GoalAngle - Angle) * Eagerness, -fastest, fastest);
    }

    private void Move(double seconds)
    {
        var next = Math.Clamp(Angle + Speed * seconds, Joint.FirstStop, Joint.LastStop);
        if (Obstacle is { } wall)
        {
            // Put where it is, it is in the way of the first move.
            if (_comesFrom == 0)
                _comesFrom = Angle != wall ? Math.Sign(Angle - wall) : -Math.Sign(next - wall);
            next = _comesFrom > 0 ? Math.Max(next, wall) : Math.Min(next, wall);
        }

        Speed = (next - Angle) / seconds;
        Angle = next;
    }

    private void Warm(double seconds)
    {
        Temperature += (Heating * _load * _load - Cooling * (Temperature - RoomTemperature)) * seconds;
        if (!HasTorque)
            return;
        _overloadedSeconds =
            Math.Abs(_load) * 100 >= _table[ServoTable.OverloadTorque] ? _overloadedSeconds + seconds : 0;
        if (_overloadedSeconds * 100 > _table[ServoTable.ProtectionTime])
            _isOverloaded = true;
    }

    /// <summary>Brings what it tells up to date.</summary>
    private void Show()
    {
        var position = ((int)Math.Round(Angle) - Offset) % Turn;
        SetWord(ServoTable.Position, position < 0 ? position + Turn : position);
        SetWord(ServoTable.Velocity, Amount((int)Speed, SignOfPosition));
        SetWord(ServoTable.Load, Amount((int)(_load * 1_000), SignOfLoad));
        _table[ServoTable.Voltage] = (byte)Math.Round(Voltage * 10);
        _table[ServoTable.Temperature] = (byte)Temperature;
        _table[ServoTable.Status] = Faults;
        _table[ServoTable.Moving] = Math.Abs(Speed) > 10 ? (byte)1 : (byte)0;
        // What it takes to turn so fast is voltage, not current.
        var pushing = Math.Max(0, Math.Abs(_load) - Math.Abs(Speed) / SimulatedJoint.FastestTurn) * Math.Sign(_load);
        SetWord(ServoTable.Current, Amount((int)(pushing * FullCurrent), SignOfPosition));
    }

    private void SetWord(int address, int value) =>
        (_table[address], _table[address + 1]) = ((byte)value, (byte)(value >> 8));

    private static int Signed(int word, int bit) =>
        (word & (1 << bit)) == 0 ? word & ((1 << bit) - 1) : -(word & ((1 << bit) - 1));

    private static int Amount(int value, int bit) =>
        Math.Min(Math.Abs(value), (1 << bit) - 1) | (value < 0 ? 1 << bit : 0);
}
